/// What the profile page shows.
struct ProfilePage {
    /// An answer that is stored differently from how it was sent.
    struct Difference {
        let legend: String
        let address: String
        let stored: String
    }

    let hasAnswers: Bool
    let questions: [Questions.Question]
    let wrong: [Questions.Question]
    let isWrong: Bool
    /// The entity tag of the answers that the form was made from.
    let version: String
    /// There is something to export and to delete.
    let hasData: Bool
    /// The browser's key is all that opens the data, so that it can be thrown away.
    let hasKey: Bool
    let isAway: Bool
    var differences: [Difference] = []
    var hasDifferences = false
    /// Why nothing was deleted.
    var deletionError: String?

    init(_ request: PageRequest, _ questions: Questions? = nil, version: String = "") {
        self.hasAnswers = questions != nil
        self.questions = questions?.questions ?? []
        self.wrong = questions?.wrong ?? []
        self.isWrong = questions?.isWrong ?? false
        self.version = version
        self.hasData = request.visitor.id != nil
        self.hasKey = request.visitor.signedIn == nil
        self.isAway = request.visitor.isDatabaseAway
    }
}
