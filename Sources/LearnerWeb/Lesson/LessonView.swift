/// What of a lesson is shown: the query's `view`.
enum LessonView: String, Sendable {
    case original, personalized
    /// How the personalized text differs from the original.
    case changes

    /// The view's address; that of the original says so only where the visitor wants nothing else.
    func address(of lesson: String) -> String {
        self == .original ? lesson : "\(lesson)?view=\(self.rawValue)"
    }
}
