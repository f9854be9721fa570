import Foundation
import Learners
import LearningPaths
import MarkdownHTML
import TextbookSync

extension LessonPage {
    init(
        _ found: LessonInBook, _ content: LessonContent, _ status: LessonStatus?, _ request: PageRequest, _ site: Site
    ) {
        let address = LessonLink(found.lesson).address
        self.slug = found.lesson.slug
        self.address = address
        self.view = content.view.rawValue
        self.titleHTML = content.text?.titleHTML ?? HTMLEscape.escaped(found.lesson.title)
        self.language = content.language
        self.direction = PreferredLanguage.direction(of: content.language)
        self.bookTitle = found.book.title
        self.bookLanguage = found.book.language
        self.partAddress = "/book#part-\(found.part.number)"
        self.partTitle = found.part.title
        self.chapterTitle = found.chapter.title
        self.facts = Self.facts(found, request, site)
        self.tabs = [LessonView.original, .personalized].map { view in
            Tab(
                label: site.text("lesson_tab_\(view.rawValue)", request),
                address: view == .original ? "\(address)?view=original" : view.address(of: address),
                isCurrent: (content.view == .changes ? .personalized : content.view) == view)
        }
        let sections = content.text?.sections ?? []
        self.sections = sections.map { Section(text: $0.text, address: "#\($0.id)") }
        self.hasSections = sections.count > 1
        self.sectionsLabel = site.text("lesson_sections", request, ["count": "\(sections.count)"])
        self.reading = content.text.map { Reading(html: $0.html) }
        self.panel = content.panel
        self.hasMessage = content.panel.message != nil
        self.progress = status.map { status in
            let time = status.progress?.completedAt.map { $0.formatted(.iso8601) } ?? ""
            return Progress(
                isCompleted: status.progress?.state == .completed, completedAt: time,
                completed: time.isEmpty
                    ? "" : site.text("lesson_completed", request, ["day": String(time.prefix(10))]))
        }
        let hasAccount = request.visitor.hasAccount || request.visitor.isDatabaseAway
        self.accountAddress = hasAccount ? nil : LessonPages.onboarding(then: content.view.address(of: address))
        self.isTracked = request.visitor.hasAccount
        let keeps: LessonView = content.view == .original ? .original : .personalized
        self.previous = found.previous.map { Turn($0, keeps) }
        self.next = found.next.map { Turn($0, keeps) }
    }

    private static func facts(_ found: LessonInBook, _ request: PageRequest, _ site: Site) -> String {
        var facts: [String] = []
        if found.lesson.type == "lab" { facts.append(site.text("lesson_lab", request)) }
        facts.append(site.text("lesson_minutes", request, ["minutes": "\(found.lesson.estimatedMinutes)"]))
        facts.append(site.text("lesson_layer", request, ["layer": found.part.layer, "tier": found.part.tier]))
        return facts.joined(separator: " · ")
    }
}

extension LessonPage.Turn {
    fileprivate init(_ lesson: PublishedLesson, _ view: LessonView) {
        self.init(title: lesson.title, address: view.address(of: LessonLink(lesson).address))
    }
}
