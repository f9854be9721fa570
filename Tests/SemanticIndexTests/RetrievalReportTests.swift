import Testing

@testable import SemanticIndex

@Suite struct RetrievalReportTests {
    private func question(_ id: String, _ kind: RetrievalQuestion.Kind = .plain) -> RetrievalQuestion {
        RetrievalQuestion(id: id, question: "Q \(id)?", lessonSlug: "l", goldExcerpt: "the  answer\n\(id)", kind: kind)
    }

    /// Results of which the one at `place` is right.
    private func outcome(
        _ question: RetrievalQuestion, place: Int?, of count: Int = 20, words: Int = 10
    ) -> RetrievalReport.Outcome {
        let filler = (0..<words).map { _ in "word" }.joined(separator: " ")
        let results = (1...count).map { number in
            SearchResult(
                lessonSlug: "l", lessonTitle: "", sectionTitle: "", chunkIndex: number,
                text: number == place ? "Here is the answer  \(question.id). \(filler)" : filler, score: 0)
        }
        return .init(question: question, answer: SearchAnswer(results: results, indexing: false, pendingLessons: 0))
    }

    @Test func figuresFollowFromThePlaceOfTheFirstRightResult() {
        let report = RetrievalReport([
            self.outcome(self.question("1"), place: 1), self.outcome(self.question("2", .lowOverlap), place: 4),
            self.outcome(self.question("3", .lowOverlap), place: 11), self.outcome(self.question("4"), place: nil),
        ])
        #expect(report.all.questions == 4)
        #expect(report.all.recall == [1: 0.25, 5: 0.5, 10: 0.5])
        #expect(report.all.mrr10 == (1 + 0.25) / 4)
        #expect(report.kinds["plain"]?.recall[1] == 0.5)
        #expect(report.kinds["low_overlap"]?.recall == [1: 0, 5: 0.5, 10: 0.5])
        #expect(report.kinds["low_overlap"]?.mrr10 == 0.125)
        #expect(report.missed.map(\.id) == ["3", "4"])
        #expect(report.missed.map(\.place) == [11, nil])
    }

    @Test func theBudgetCountsEverythingUpToTheRightResult() {
        let question = self.question("1")
        let outcome = self.outcome(question, place: 3, words: 100)
        let tokens = outcome.answer.results[...2].reduce(0) { $0 + ChunkerTokens.count($1.text) }
        #expect(RetrievalReport([outcome], budget: tokens).all.recallWithinBudget == 1)
        #expect(RetrievalReport([outcome], budget: tokens - 1).all.recallWithinBudget == 0)
    }

    @Test func theSameWordsInAnotherLessonAreNotRight() {
        let question = self.question("1")
        #expect(question.isAnswered(lessonSlug: "l", text: "x the answer 1 y"))
        #expect(question.isAnswered(lessonSlug: "l", text: "the\n> answer 1") == false)
        #expect(!question.isAnswered(lessonSlug: "m", text: "the answer 1"))
    }

    @Test func cutoffsMayBeChosenAndFiveIsAlwaysThere() {
        let report = RetrievalReport([self.outcome(self.question("1"), place: 3)], cutoffs: [2, 3])
        #expect(report.all.recall == [2: 0, 3: 1, 5: 1])
        let empty = RetrievalReport([])
        #expect((empty.all.questions, empty.all.recall[5], empty.all.mrr10) == (0, 0, 0))
    }

    @Test func aFileOfQuestionsIsReadAndEveryFaultHasItsLine() throws {
        let line = "q1\tWhy?\tl\tthe answer\tplain"
        let questions = try RetrievalQuestion.questions(
            fromTSV: "id\tquestion\tlesson_slug\tgold_excerpt\tkind\r\n\(line)\r\n\n# note\n"
                + "q2\tHow?\tl\tso\tlow_overlap\n")
        #expect(questions.map(\.id) == ["q1", "q2"])
        #expect(questions.map(\.kind) == [.plain, .lowOverlap])
        for (text, number) in [
            ("", 1), ("\(line)\n\(line)", 2), ("\(line)\nq2\ta\tb\tc", 2), ("q\ta\tb\tc\tother", 1),
            ("\n\nq\t \tb\tc\tplain", 3),
        ] {
            let error = #expect(throws: RetrievalFileError.self) {
                try RetrievalQuestion.questions(fromTSV: text)
            }
            #expect(error?.line == number, "\(text)")
        }
    }
}
