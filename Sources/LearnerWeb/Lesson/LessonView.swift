/// What of a lesson is shown: the query's `view`.
enum LessonView: String, Sendable {
    case original, personalized
    /// How the personalized text differs from the original.
    case changes

    /// The view's address; that of the original says so only where the visitor wants nothing else.
    func address(of lesson: String) -> String {
        self == .original ? lesson : "\(lesson)?view=\(self.rawValue)"
    }

    /// Where reading goes on for somebody who passes the questions over: a lesson's address would lead a browser
    /// without cookies back to them.
    static func withoutQuestions(_ address: String) -> String {
        address.hasPrefix("/lessons/") && !address.contains("?") && !address.contains("#")
            ? "\(address)?view=\(Self.original.rawValue)" : address
    }
}
