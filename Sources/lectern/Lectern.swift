import ArgumentParser
import Foundation
import ProcessBootstrap

/// The command line of Lectern.
@main
struct Lectern: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lectern",
        abstract: "Keeps a Markdown textbook published, searchable and personal.",
        discussion: """
            EXAMPLES
              lectern up                                  start everything here and keep it running
              lectern resync --path book --wait           publish a folder and wait for the verdict
              lectern release rollback                    show readers the release before
              lectern search "why do robots fall"         ask the index
              lectern personalize eval --book DIR          what the writing is worth
              lectern cache stats                         what is kept, and what it cost
              lectern job show 1234                       where a job stands
              lectern queue pause personalize --for 30m   start nothing of it for a while
              lectern key create "night shift" --role operator   a key for the console and the API
              lectern audit list                          what operators did
              lectern top                                 queues and workers, live
              lectern doctor                              what is wrong with this setup
              lectern openapi                             the description of the HTTP API

            EXIT CODES
              0 ok   1 other   2 usage   3 not found   4 not allowed   5 temporary, try again   6 partial
              7 permanent   8 a guard stopped it   9 nothing changed   10 the wait timed out   11 cancelled
            """,
        subcommands: [
            UpCommand.self, MigrateCommand.self, ResyncCommand.self, ReleaseCommand.self, JobCommand.self,
            QueueCommand.self,
            WorkerCommand.self, SearchCommand.self, PersonalizeCommand.self, CacheCommand.self, VerifyCommand.self,
            DoctorCommand.self, HealthCommand.self, AutoscaleCommand.self, KeyCommand.self, AuditCommand.self,
            BenchCommand.self, OpenAPICommand.self,
            TopCommand.self, CompletionCommand.self,
        ])

    static func main() async {
        do {
            var command = try Self.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            Terminal.say("lectern: \(failure.message)")
            Foundation.exit(failure.code.rawValue)
        } catch let problem as Settings.Problem {
            Terminal.say("lectern: \(problem)")
            Foundation.exit(ExitStatus.usage.rawValue)
        } catch {
            let code = Self.exitCode(for: error)
            guard code == .success || code == .validationFailure || error is ExitCode || error is CleanExit else {
                Terminal.say("lectern: \(error)")
                Foundation.exit(ExitStatus.other.rawValue)
            }
            if code == .validationFailure {
                Terminal.say(Self.fullMessage(for: error))
                Foundation.exit(ExitStatus.usage.rawValue)
            }
            Self.exit(withError: error)
        }
    }
}

/// What a command's exit code says.
enum ExitStatus: Int32 {
    case ok = 0
    case other = 1
    case usage = 2
    case notFound = 3
    case notAllowed = 4
    case temporary = 5
    case partial = 6
    case permanent = 7
    case guarded = 8
    case unchanged = 9
    case timedOut = 10
    case cancelled = 11
}

/// The end of a command that did not do what it was asked to.
struct CommandFailure: Error {
    var code: ExitStatus
    /// One line: what was wrong and what to do.
    var message: String

    init(_ code: ExitStatus, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// Results go to standard output, everything said about them to standard error.
enum Terminal {
    static func say(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    /// Without a line's end.
    static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    /// One line of JSON, its members named as they are.
    static func put(line value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Self.put(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func put(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// A text that has its own line's end.
    static func write(result text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    static func put(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        Self.put(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// How a command prints its result.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
