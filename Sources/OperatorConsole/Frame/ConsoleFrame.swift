import Operators

/// What every page of the console has around its own content; templates reach it as `frame`.
struct ConsoleFrame: Sendable {
    /// The pages of the navigation.
    enum Place: String, CaseIterable, Sendable {
        case queues, jobs, workers, content, limits, audit

        var label: String { self.rawValue.prefix(1).uppercased() + self.rawValue.dropFirst() }
        var address: String { self == .queues ? "/ops" : "/ops/\(self.rawValue)" }
    }

    struct Link: Sendable {
        let label: String
        let address: String
        let isCurrent: Bool
    }

    /// The template of the content.
    let template: String
    let title: String
    let navigation: [Link]
    /// The operator's name and role; empty for somebody unknown.
    let who: String
    let hasWho: Bool
    let notice: String?
    /// Seconds after which the browser loads the page again; `nil` for never.
    let refreshAfter: Int?
    /// Whether the page shows what changes by itself.
    let isLive: Bool
    /// The page's own address, without a notice.
    let address: String

    init(
        _ template: String, title: String, place: Place? = nil, who: Operator? = nil, notice: ConsoleNotice? = nil,
        refreshAfter: Int? = nil, isLive: Bool = false, address: String = "/ops"
    ) {
        self.template = template
        self.title = title
        self.navigation = Place.allCases.map {
            Link(label: $0.label, address: $0.address, isCurrent: $0 == place)
        }
        self.who = who.map { "\(Excerpt.text($0.name, bytes: 120)) – \($0.role.rawValue)" } ?? ""
        self.hasWho = who != nil
        self.notice = notice?.sentence
        self.refreshAfter = refreshAfter
        self.isLive = isLive
        self.address = address
    }
}
