import Foundation
import Learners
import Testing

struct ProfileValidationTests {
    private static let valid = """
        {"education_level":"graduate","programming_experience":"none","robotics_background":true,
         "ai_ml_experience":"basic","learning_goals":["hobby","research","hobby"],"preferred_language":"ur"}
        """

    private func errors(_ json: String) -> [FieldError] {
        do {
            _ = try LearnerProfile(bytes: Array(json.utf8))
            return []
        } catch {
            return error.fields
        }
    }

    @Test func aWholeProfileIsRead() throws {
        let profile = try LearnerProfile(bytes: Array(Self.valid.utf8))
        #expect(profile.educationLevel == .graduate)
        #expect(profile.learningGoals == [.hobby, .research])
        #expect(profile.preferredLanguage == .ur)
        let again = try JSONDecoder().decode(LearnerProfile.self, from: JSONEncoder().encode(profile))
        #expect(again == profile)
    }

    @Test func onlyTheLanguageMayBeLeftOut() throws {
        #expect(
            self.errors("{}").map(\.field) == [
                "education_level", "programming_experience", "robotics_background", "ai_ml_experience",
                "learning_goals",
            ])
        #expect(self.errors("{}").allSatisfy { $0.code == .missing })
        let withoutLanguage = Self.valid.replacingOccurrences(of: ",\"preferred_language\":\"ur\"", with: "")
        #expect(try LearnerProfile(bytes: Array(withoutLanguage.utf8)).preferredLanguage == .en)
    }

    @Test func everyBadFieldIsListedAtOnce() {
        let errors = self.errors(
            """
            {"education_level":7,"programming_experience":"guru","robotics_background":"yes","ai_ml_experience":null,
             "learning_goals":["hobby",3,"fame"],"preferred_language":"fr","age/~":12}
            """)
        #expect(
            errors.map(\.pointer) == [
                "/education_level", "/programming_experience", "/robotics_background", "/ai_ml_experience",
                "/learning_goals/1", "/learning_goals/2", "/preferred_language", "/age~1~0",
            ])
        #expect(
            errors.map(\.code) == [
                .wrongType, .unknownValue, .wrongType, .wrongType, .wrongType, .unknownValue, .unknownValue,
                .unknownField,
            ])
        #expect(errors[1].message == "Expected one of: none, beginner, intermediate, advanced.")
    }

    @Test func noGoalAtAllIsAnError() {
        let json = Self.valid.replacingOccurrences(of: "[\"hobby\",\"research\",\"hobby\"]", with: "[]")
        #expect(self.errors(json).map(\.code) == [.empty])
    }

    @Test func zeroAndOneAreNoBooleans() {
        let json = Self.valid.replacingOccurrences(of: "true", with: "1")
        #expect(self.errors(json).map(\.message) == ["Expected a boolean, found a number."])
    }

    @Test(arguments: ["", "null", "[]", "\"x\"", "{", "{\"a\":}", "nul\u{0}"])
    func whatIsNoObjectIsMalformed(json: String) {
        #expect(throws: LearnerError.self) { try LearnerProfile(bytes: Array(json.utf8)) }
        do {
            _ = try ProfileChange(bytes: Array(json.utf8))
        } catch {
            #expect(error.code == .malformedJSON)
        }
    }

    @Test func bytesThatAreNoTextAreMalformed() {
        let error = #expect(throws: LearnerError.self) { try ProfileChange(bytes: [0x7B, 0xFF, 0x7D]) }
        #expect(error?.code == .malformedJSON)
    }

    @Test func aHugeBodyIsRefusedUnread() {
        let error = #expect(throws: LearnerError.self) {
            try ProfileChange(bytes: [UInt8](repeating: 0x20, count: 20_000))
        }
        #expect(error?.code == .tooLarge)
    }

    @Test func deepNestingIsRefusedAndDoesNotCrash() {
        let json = "{\"a\":" + String(repeating: "[", count: 6000) + String(repeating: "]", count: 6000) + "}"
        #expect(throws: LearnerError.self) { try ProfileChange(bytes: Array(json.utf8)) }
    }

    @Test func aHostileFieldNameIsNotRepeatedInFull() {
        let errors = self.errors("{\"\(String(repeating: "x", count: 9000))\":1}")
        #expect(errors.allSatisfy { $0.field.utf8.count < 80 && $0.pointer.utf8.count < 80 })
    }

    @Test func aChangeTouchesOnlyWhatItNames() throws {
        let profile = try LearnerProfile(bytes: Array(Self.valid.utf8))
        let change = try ProfileChange(bytes: Array("{\"robotics_background\":false}".utf8))
        #expect(change.applied(to: profile).roboticsBackground == false)
        #expect(try ProfileChange(bytes: Array("{}".utf8)).applied(to: profile) == profile)
    }

    @Test func anOnboardingFormListsABadUserIDWithTheRest() throws {
        let error = #expect(throws: LearnerError.self) {
            try OnboardingForm(bytes: Array("{\"user_id\":\"me\",\"learning_goals\":[]}".utf8))
        }
        #expect(error?.fields.map(\.field).contains("user_id") == true)
        #expect(error?.fields.count == 6)
        let id = "6f1c2a4e-8d3b-4c5a-9e7f-0a1b2c3d4e5f"
        let json = Self.valid.replacingOccurrences(of: "{\"education", with: "{\"user_id\":\"\(id)\",\"education")
        #expect(try OnboardingForm(bytes: Array(json.utf8)).userID.text == id)
    }
}
