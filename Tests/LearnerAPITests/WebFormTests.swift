import Learners
import Testing

@testable import LearnerWeb

@Suite struct WebFormTests {
    @Test(arguments: ["/", "/lessons/ch01-one?view=personalized#top", "/lessons/01-what-is%2Fembodiment", "/a//b"])
    func pathsOfOursAreAccepted(address: String) {
        #expect(LocalAddress(address)?.text == address)
    }

    @Test(arguments: [
        "", "lessons/one", "//evil.example", "/\\evil.example", "\\/evil.example", "https://evil.example",
        "/\t/evil.example", "/\n/evil.example", "/ x", "javascript:alert(1)", "/\u{7F}", "/é",
        "/" + String(repeating: "a", count: 2_048),
    ])
    func nothingThatABrowserCouldReadAsAnotherSiteIsAccepted(address: String) {
        #expect(LocalAddress(address) == nil)
    }

    @Test func fieldsAreDecodedInTheirOrder() throws {
        let form = try #require(Form(Array("a=1&b=x+y%2Bz&a=2&c&d=%D8%A7&&e=f=g".utf8)))
        #expect(form.all("a") == ["1", "2"])
        #expect(form["a"] == nil)
        #expect(form["b"] == "x y+z")
        #expect(form["c"] == "")
        #expect(form["d"] == "ا")
        #expect(form["e"] == "f=g")
        #expect(form["none"] == nil)
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%00", "a=%ff", "%=1", "a=\0"])
    func brokenBodiesAreNoForm(body: String) {
        #expect(Form(Array(body.utf8)) == nil)
    }

    @Test func moreFieldsThanAnyPageSendsAreNoForm() {
        let pairs = { (count: Int) in Array(Array(repeating: "a=1", count: count).joined(separator: "&").utf8) }
        #expect(Form(pairs(256)) != nil)
        #expect(Form(pairs(257)) == nil)
    }

    @Test func theLanguageIsTheOneThatTheBrowserRanksFirst() {
        #expect(PreferredLanguage(accepted: ["ur-PK,ur;q=0.9,en;q=0.8"]) == .ur)
        #expect(PreferredLanguage(accepted: ["de, en-GB;q=0.7, ur;q=0.5"]) == .en)
        #expect(PreferredLanguage(accepted: ["en;q=0, ur;q=0.1"]) == .ur)
        #expect(PreferredLanguage(accepted: ["en, ur"]) == .en)
        #expect(PreferredLanguage(accepted: ["de, *"]) == nil)
        #expect(PreferredLanguage(accepted: []) == nil)
    }

    @Test func everyStringNamesTheSameValuesInBothLanguages() throws {
        let strings = try InterfaceStrings()
        let english = strings.all(.en)
        let urdu = strings.all(.ur)
        #expect(!english.isEmpty)
        #expect(Set(english.keys) == Set(urdu.keys))
        for (name, text) in english {
            let values = { (text: String) in Set(text.matches(of: /\{(\w+)\}/).map { String($0.output.1) }) }
            #expect(values(text) == values(urdu[name] ?? ""), "\(name)")
            #expect(text.isEmpty == urdu[name]?.isEmpty, "\(name)")
        }
        // What is the same in both was forgotten, but for names.
        let same = english.filter { $0.value == urdu[$0.key] && !$0.value.isEmpty }.keys
        #expect(Set(same).isSubset(of: ["frame_site"]))
    }

    @Test func valuesReplaceTheirNamesAndNothingInsideOfThem() throws {
        let strings = try InterfaceStrings()
        #expect(strings.text("home_minutes", .en, ["minutes": "{minutes}"]) == "{minutes} min")
        #expect(strings.text("home_minutes", .ur, ["minutes": "5"]) == "5 منٹ")
        #expect(strings.text("no_such_string", .en) == "no_such_string")
    }

    @Test func answersReadBackAreTheProfileTheyWereMadeFrom() throws {
        let profile = LearnerProfile(
            educationLevel: .graduate, programmingExperience: .advanced, roboticsBackground: false,
            aiMLExperience: .basic, learningGoals: [.hobby, .research], preferredLanguage: .ur)
        #expect(try Answers(profile).profile() == profile)
    }

    @Test func onlyTheLanguageHasADefault() {
        #expect { try Answers(language: .ur).profile() } throws: { error in
            (error as? LearnerError)?.fields.map(\.field) == [
                "education_level", "programming_experience", "robotics_background", "ai_ml_experience",
                "learning_goals",
            ]
        }
    }
}
