import ArgumentParser
import CurlHTTP
import LanguageModels
import Logging
import Personalization
import PipelineJobs
import ProcessBootstrap
import Textbook

/// Writes lessons of a folder without a database, as a worker would.
struct LessonTrial: Sendable {
    let writing: WritingParts
    let lessons: [(slug: String, source: LessonSource)]

    /// - Parameters:
    ///   - folder: the book.
    ///   - providers: an operators' file of providers; the environment's providers where none is given.
    ///   - only: the slug of the only lesson that is meant.
    init(_ options: ProcessOptions, folder: String, providers: String?, only: String? = nil) async throws {
        let process = try await ServiceProcess(.command, options: options)
        var settings = process.settings
        if let providers { try settings.readProviders(file: providers) }
        let files: BookFolder
        do {
            files = try BookFolder.read(folder)
        } catch {
            throw CommandFailure(.notFound, "\(folder): \(error.message)")
        }
        let reading = files.reader().read()
        self.lessons = reading.book.lessons.filter { only == nil || $0.slug == only }.compactMap { lesson in
            files.files[lesson.sourcePath].map {
                (lesson.slug, LessonSource(title: lesson.title, markdown: $0))
            }
        }
        guard !self.lessons.isEmpty else {
            throw CommandFailure(.notFound, only.map { "\(folder) has no lesson \($0)" } ?? "\(folder) has no lesson")
        }
        let http = HTTPClient()
        let keys = settings.providerKeys
        self.writing = try WritingParts(
            bodies: NoBodies(),
            providers: GuardedProvider.all(settings.providers, ledger: MemoryLedger(), logger: process.logger) {
                (OpenAIChatModel($0, key: keys[$0.name], http: http), UnlimitedModels())
            })
    }

    /// The sections of a lesson, written for a slice.
    func write(_ plan: LessonPlan, for slice: ProfileSlice) async throws -> [WrittenSection] {
        var written: [WrittenSection] = []
        for section in plan.sections {
            written.append(
                try await self.writing.writer.write(
                    section, for: SectionSlice(slice, for: section.facts), payer: nil))
        }
        return written
    }

    func plan(_ lesson: LessonSource) -> LessonPlan {
        LessonPlan(lesson, glossary: self.writing.parts.embedded.glossary)
    }

    /// Lessons are read from the folder alone.
    private struct NoBodies: LessonBodySource {
        func body(objectKey: String, contentHash: String) async throws -> String {
            throw CommandFailure(.other, "no bucket is read here")
        }
    }
}
