import Foundation
import Learners
import Testing

struct LearnerIdentityTests {
    @Test(arguments: [
        "00000000-0000-0000-0000-000000000000", "6f1c2a4e-8d3b-1c5a-9e7f-0a1b2c3d4e5f",
        "6f1c2a4e-8d3b-4c5a-7e7f-0a1b2c3d4e5f", "6f1c2a4e8d3b4c5a9e7f0a1b2c3d4e5f", "", "x",
        "6f1c2a4e-8d3b-4c5a-9e7f-0a1b2c3d4e5f\n", "{6f1c2a4e-8d3b-4c5a-9e7f-0a1b2c3d4e5}",
    ])
    func onlyVersionFourIsAnID(text: String) {
        #expect(LearnerID(text) == nil)
    }

    @Test func upperCaseIsTheSameID() {
        let text = "6F1C2A4E-8D3B-4C5A-9E7F-0A1B2C3D4E5F"
        #expect(LearnerID(text)?.text == text.lowercased())
    }

    @Test func madeIDsAreValidAndDiffer() {
        var random = SystemRandomNumberGenerator()
        let ids = (0..<200).map { _ in LearnerID.random(using: &random) }
        #expect(Set(ids).count == 200)
        #expect(ids.allSatisfy { LearnerID($0.text) == $0 })
    }

    @Test func noFormOfPrintingGivesTheIDAway() throws {
        let text = "6f1c2a4e-8d3b-4c5a-9e7f-0a1b2c3d4e5f"
        let id = try #require(LearnerID(text))
        var dumped = ""
        dump(id, to: &dumped)
        for form in [
            "\(id)", String(reflecting: id), dumped, id.logName(salt: "s"), "\([id])", "\(Optional(id) as Any)",
        ] {
            #expect(!form.lowercased().contains("6f1c2a4e"))
        }
        #expect(id.logName(salt: "s") == id.logName(salt: "s"))
        #expect(id.logName(salt: "s") != id.logName(salt: "t"))
        #expect(id.logName(salt: "s").count == 12)
    }
}

struct PreferencesHashTests {
    private static let profile = LearnerProfile(
        educationLevel: .graduate, programmingExperience: .none, roboticsBackground: true, aiMLExperience: .basic,
        learningGoals: [.research, .hobby], preferredLanguage: .ur)

    @Test func theHashIsTheOneOfTheCanonicalForm() {
        // xxhsum -H128 over the same bytes
        #expect(
            Self.profile.canonicalJSON == """
                {"ai_ml_experience":"basic","education_level":"graduate","learning_goals":["hobby","research"],\
                "preferred_language":"ur","programming_experience":"none","robotics_background":true}
                """)
        #expect(Self.profile.preferencesHash == "f68d5b18b6c68bb5c5c65a937610608c")
    }

    @Test func everyProfileHasItsOwnHash() {
        var hashes: Set<String> = []
        var count = 0
        for education in EducationLevel.allCases {
            for programming in ProgrammingExperience.allCases {
                for ai in AIMLExperience.allCases {
                    for robotics in [false, true] {
                        for language in PreferredLanguage.allCases {
                            for goals in 1..<32 {
                                let set = Set(
                                    LearningGoal.allCases.enumerated().filter { goals >> $0.offset & 1 == 1 }.map(
                                        \.element))
                                hashes.insert(
                                    LearnerProfile(
                                        educationLevel: education, programmingExperience: programming,
                                        roboticsBackground: robotics, aiMLExperience: ai, learningGoals: set,
                                        preferredLanguage: language
                                    ).preferencesHash)
                                count += 1
                            }
                        }
                    }
                }
            }
        }
        #expect(count == 7936)
        #expect(hashes.count == 7936)
    }
}

struct IfMatchTests {
    @Test func listsAndTheStarAreRead() {
        #expect(IfMatch("*") == .any)
        #expect(IfMatch(" \"a-1\" ,\t\"b\"") == .tags(["\"a-1\"", "\"b\""]))
        #expect(IfMatch("W/\"a\"") == .tags([]))
    }

    @Test(arguments: ["", "a", "\"a", "\"a\",", "\"a\" \"b\"", "*, \"a\""])
    func otherTextIsRefused(header: String) {
        #expect(IfMatch(header) == nil)
    }
}
