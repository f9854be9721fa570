import ServerTesting
import Testing

@testable import MCP

@Suite struct JSONValueTests {
    @Test(
        arguments: [
            ("null", .null), ("true", true), (" false ", false), ("0", 0), ("-17", -17), ("1.5", 1.5),
            ("-0", .number(-0.0)), ("1e3", 1000.0), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("0.1", 0.1), ("2.2250738585072014e-308", 2.2250738585072014e-308), ("[]", []), ("{}", [:]),
            (#"{"a":[1,{"b":null}]}"#, ["a": [1, ["b": nil]]]), (#""\u00e9\ud83d\ude00\n\/""#, "é😀\n/"),
            (#"{"a":1,"a":2}"#, ["a": 2]), ("\u{9}[1 ,\r\n2]", [1, 2]),
        ] as [(String, JSONValue)])
    func validTextsMeanWhatTheySay(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "[1,]", "[1", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "01", "1.", ".5", "+1", "1e",
        "--1", "\"", "\"\\x\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\u12\"", "\"a\nb\"", "1 2", "[1]]", "NaN",
        "1e999", "'a'", "\u{FEFF}1", "-", "/**/1",
    ])
    func everythingElseIsRefused(text: String) {
        #expect(throws: JSONParsingError.self) { try JSONValue(parsing: text) }
    }

    @Test func bytesThatAreNoUTF8AreRefused() {
        #expect(throws: JSONParsingError.self) { try JSONValue(parsing: [0x22, 0xC3, 0x28, 0x22]) }
        #expect(throws: JSONParsingError.self) { try JSONValue(parsing: [0x22, 0x5C, 0x6E, 0xFF, 0x22]) }
    }

    @Test func deepNestingIsRefusedBeforeItHurts() {
        let text = String(repeating: "[", count: 1_000_000)
        #expect(throws: JSONParsingError.self) { try JSONValue(parsing: text) }
        let object = String(repeating: "{\"a\":", count: 200)
        #expect(throws: JSONParsingError.self) { try JSONValue(parsing: object) }
    }

    @Test func whatIsWrittenReadsTheSame() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let value = JSONValue.arbitrary(depth: 4, using: &generator)
            let bytes = value.serialized()
            #expect(try JSONValue(parsing: bytes) == value, "seed \(seed)")
        }
    }

    @Test func damagedTextsNeverCrash() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            var bytes = JSONValue.arbitrary(depth: 3, using: &generator).serialized()
            for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
            // Either outcome is right; what counts is that there is one.
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            #expect((try? JSONValue(parsing: value.serialized())) != nil, "seed \(seed)")
        }
    }

    @Test(
        arguments: [
            ("", ["a": ["b": [10, ["c": 20]]], "x.y": 1]), ("a.b[0]", 10), ("a.b[1].c", 20), ("a.b[2]", nil),
            ("a.c", nil), ("[0]", nil), (#"["x.y"]"#, 1), ("a..b", nil), ("a.", nil), ("a[", nil), ("a[-1]", nil),
        ] as [(String, JSONValue?)])
    func pathsLeadToTheirPlaces(path: String, expected: JSONValue?) {
        let value: JSONValue = ["a": ["b": [10, ["c": 20]]], "x.y": 1]
        #expect(value.value(at: path) == expected)
    }

    @Test func codableTypesPassThroughUnchanged() throws {
        struct Sample: Codable, Equatable { var name: String, sizes: [Int], ratio: Double?, nested: [String: Bool] }
        let sample = Sample(name: "é", sizes: [1, 2], ratio: 0.25, nested: ["a": true])
        let value = try JSONValue(encoding: sample)
        #expect(value["sizes"] == [1, 2])
        #expect(try value.decode(Sample.self) == sample)
    }
}

extension JSONValue {
    static func arbitrary(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer(.random(in: .min ... .max, using: &generator))
        case 3:
            let number = Double(bitPattern: generator.next())
            // Whole numbers within reach come back as integers, and NaN and infinities do not come back.
            return number.isFinite && number.rounded() != number ? .number(number) : .number(0.5)
        case 4, 5:
            let scalars = (0..<Int.random(in: 0..<8, using: &generator)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0..<0x11000, using: &generator))
            }
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars)
            return .string(text)
        case 6:
            return .array(
                (0..<Int.random(in: 0..<5, using: &generator)).map { _ in
                    .arbitrary(depth: depth - 1, using: &generator)
                })
        default:
            var members: [String: JSONValue] = [:]
            for number in 0..<Int.random(in: 0..<5, using: &generator) {
                members["k\(number)\"\\"] = .arbitrary(depth: depth - 1, using: &generator)
            }
            return .object(members)
        }
    }
}
