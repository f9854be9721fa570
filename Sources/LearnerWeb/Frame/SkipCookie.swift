/// Remembers that somebody would rather not answer the questions now, so that lessons do not lead there again.
enum SkipCookie {
    static let name = "lectern_onboarding"
    static let value = "skipped"
}
