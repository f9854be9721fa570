import Testing

@testable import Personalization

struct TextMeasuresTests {
    private let glossary: Glossary

    init() throws {
        self.glossary = try Glossary.bundled()
    }

    private func measures(_ markdown: String) -> TextMeasures { TextMeasures(markdown, glossary: self.glossary) }

    @Test(arguments: [
        ("cat", 1), ("table", 2), ("scale", 1), ("walked", 1), ("needed", 2), ("robot", 2), ("calibration", 4),
        ("the", 1), ("simple", 2), ("changes", 2), ("makes", 1), ("a", 1), ("rhythm", 1), ("intelligence", 4),
    ])
    func syllablesAreCountedAsSpoken(word: String, count: Int) {
        #expect(ReadingGrade.syllables(in: word) == count)
    }

    @Test func proseIsCountedAndNothingElse() {
        let measures = self.measures(
            """
            # A heading of five words

            A cat sat. It cost 9.81 dollars, e.g. much!

            - one item
            - two items

            | a | b |
            |---|---|
            | c | d |

            ```c
            int many, words, here;
            ```

            :::danger
            Not counted.
            :::
            """)
        #expect(measures.words == 14 && measures.sentences == 5)
        #expect(measures.wordsPerSentence == 14.0 / 5)
        #expect(measures.urduShare == 0)
        #expect(measures.glossaryDensity == 0)
    }

    @Test func theGradeFollowsTheFormula() throws {
        let grade = try #require(self.measures("The cat sat on the mat.").grade)
        #expect(abs(grade - (0.39 * 6 + 11.8 * 1 - 15.59)) < 0.001)
        let hard = try #require(
            self.measures("Contemporary proprioceptive instrumentation necessitates sophisticated calibration.").grade)
        #expect(hard > grade + 10)
    }

    @Test func urduIsMeasuredByItsLetters() throws {
        let urdu = self.measures("یہ ایک robot ہے۔ یہ چلتا ہے۔")
        #expect(urdu.sentences == 2 && urdu.words == 7)
        #expect(urdu.grade == nil)
        #expect(try #require(urdu.urduShare) == 15.0 / 20)
        #expect(urdu.glossaryDensity == 100.0 / 7)
        #expect(self.measures("").urduShare == nil && self.measures("").grade == nil)
    }

    @Test func lengthIsComparedWithTheSource() {
        #expect(self.measures("abcd").lengthRatio(to: self.measures("ab")) == 2)
        #expect(self.measures("abcd").lengthRatio(to: self.measures("")) == nil)
    }

    @Test func lessonsOfTheSampleBookReadAsTextbooksDo() throws {
        for (path, lesson) in try Fixtures.sampleBook() {
            let grade = try #require(self.measures(String(decoding: lesson.body, as: UTF8.self)).grade)
            #expect((4...13).contains(grade), "\(path): \(grade)")
        }
    }
}
