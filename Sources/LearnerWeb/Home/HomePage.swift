import Learners
import LearningPaths
import TextbookSync

/// What a learner's first page shows.
struct HomePage {
    /// A lesson with what is to be said of it.
    struct Card {
        let title: String
        let address: String
        let slug: String
        let place: String
        let minutes: String
        let isLab: Bool
        /// The first reason, and the second where there is one.
        let reasons: [String]
    }

    /// How much of a section is done.
    struct Meter {
        let id: String
        let title: String
        let address: String
        let percent: Int
        let text: String
    }

    /// The language of titles.
    let bookLanguage: String
    /// Before onboarding there are no recommendations.
    let needsOnboarding: Bool
    /// The lesson that was begun last and is not completed.
    let resume: Card?
    /// The lesson after it, where nothing else is recommended.
    let after: LessonLink?
    let recommendations: [Card]
    let hasRecommendations: Bool
    /// Said where there is nothing new, or nothing at all.
    let message: String?
    let mayRetry: Bool
    let overall: Meter?
    let parts: [Meter]
    let hasParts: Bool

    init(_ account: ProgressStore.Account, _ request: PageRequest, _ site: Site, limit: Int) {
        let maker = CardMaker(account: account, request: request, site: site)
        let profile = account.record.profile
        let recommender = profile.map {
            Recommender(account.path.curriculum, record: account.record, outlook: LearnerOutlook($0))
        }
        let resume = account.lastBegun
        let list = recommender?.list.filter { $0.lesson != resume }.prefix(limit) ?? []
        self.bookLanguage = account.path.book.language
        self.needsOnboarding = profile == nil
        self.resume = resume.map { maker.begun($0) }
        self.recommendations = list.map { recommended in
            let reasons = recommender?.reasons(for: recommended).prefix(2) ?? []
            return maker.card(
                recommended.lesson,
                reasons: reasons.map { site.dependencies.reasonTexts.text($0, in: request.language) })
        }
        self.hasRecommendations = !list.isEmpty
        self.after = list.isEmpty ? resume.flatMap { Self.next(after: $0, account) } : nil
        self.message = recommender?.emptiness.map { site.dependencies.reasonTexts.text($0, in: request.language) }
        self.mayRetry = false
        let summary = ProgressSummary(account.path.curriculum, account.record)
        self.overall = maker.meter("overall", site.text("home_overall", request), "/book", summary.overall)
        self.parts = summary.parts.filter { $0.count.total > 0 }.map {
            maker.meter("part-\($0.number)", $0.title, "/book#part-\($0.number)", $0.count)
        }
        self.hasParts = !self.parts.isEmpty
    }

    /// A page that says why there is nothing to show.
    init(message: String, _ request: PageRequest, mayRetry: Bool = false) {
        self.bookLanguage = "en"
        self.needsOnboarding = !request.visitor.isOnboarded
        self.resume = nil
        self.after = nil
        self.recommendations = []
        self.hasRecommendations = false
        self.message = message
        self.mayRetry = mayRetry
        self.overall = nil
        self.parts = []
        self.hasParts = false
    }

    /// The next lesson in reading order that is not completed.
    private static func next(after lesson: Int, _ account: ProgressStore.Account) -> LessonLink? {
        account.path.lessons.dropFirst(lesson + 1).first {
            $0.type != "index" && account.record.progress[$0.id]?.state != .completed
        }.map(LessonLink.init)
    }
}

/// Makes what the page shows of lessons and sections.
private struct CardMaker {
    let account: ProgressStore.Account
    let request: PageRequest
    let site: Site

    func card(_ place: Int, reasons: [String], minutes: String? = nil) -> HomePage.Card {
        let lesson = self.account.path.lessons[place]
        let link = LessonLink(lesson)
        let chapter = self.account.path.book.parts.flatMap(\.chapters).first { $0.number == lesson.chapterNumber }
        let usual = self.site.text("home_minutes", self.request, ["minutes": String(link.minutes)])
        return HomePage.Card(
            title: link.title, address: link.address, slug: lesson.slug,
            place: chapter?.title ?? "", minutes: minutes ?? usual, isLab: link.isLab, reasons: reasons)
    }

    func begun(_ place: Int) -> HomePage.Card {
        let lesson = self.account.path.lessons[place]
        let seconds = self.account.record.progress[lesson.id]?.seconds ?? 0
        let left = max(1, lesson.estimatedMinutes - seconds / 60)
        return self.card(
            place, reasons: [],
            minutes: self.site.text("home_minutes_left", self.request, ["minutes": String(left)]))
    }

    func meter(
        _ id: String, _ title: String, _ address: String, _ count: ProgressSummary.Count
    ) -> HomePage.Meter {
        HomePage.Meter(
            id: id, title: title, address: address, percent: count.percent,
            text: self.site.text(
                "home_count", self.request,
                [
                    "completed": String(count.completed), "total": String(count.total),
                    "percent": String(count.percent),
                ]))
    }
}
