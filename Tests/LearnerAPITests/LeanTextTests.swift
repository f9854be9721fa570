import Testing

@testable import LearnerWeb

@Suite struct LeanTextTests {
    @Test(arguments: [
        ("/* A note. */\na { color: red; }\n", "a{color:red;}"),
        ("a  b,\n  c :is(d) { margin: 0 auto; }", "a b,c :is(d){margin:0 auto;}"),
        ("a::before { content: \" · { /* \"; }", "a::before{content:\" · { /* \";}"),
        ("a { content: '\\'  '; width: calc(1rem + 2px); }", "a{content:'\\'  ';width:calc(1rem + 2px);}"),
        ("/* never closed", ""),
    ])
    func `a style sheet loses its comments and white space, and nothing between quotes`(sheet: String, lean: String) {
        #expect(LeanText.styleSheet(sheet) == lean)
    }

    @Test func `a script loses comments that have a line of their own`() {
        let script = "// A note.\n\nconst a = 1; // stays\n  if (a) {\n    b(\"//\");\n  }\n"
        #expect(LeanText.script(script) == "const a = 1; // stays\nif (a) {\nb(\"//\");\n}\n")
    }
}
