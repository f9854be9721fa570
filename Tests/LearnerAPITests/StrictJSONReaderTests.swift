import Foundation
import Learners
import ServerTesting
import Testing

@testable import LearnerAPI

@Suite struct StrictJSONReaderTests {
    private func read(_ text: String) throws -> ProfileValue { try StrictJSONReader.read(Array(text.utf8)) }

    private func fault(_ bytes: [UInt8]) -> JSONFault? {
        do {
            _ = try StrictJSONReader.read(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test func everyKindOfValueIsRead() throws {
        let text = #" { "a" : [ 1, -2.5e1, true, false, null, "x" ], "b": {}, "c": [] } "#
        #expect(
            try self.read(text)
                == .object([
                    "a": .array([.number(1), .number(-25), .bool(true), .bool(false), .null, .string("x")]),
                    "b": .object([:]), "c": .array([]),
                ]))
    }

    @Test func escapesAreUndone() throws {
        #expect(try self.read(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#) == .string("\"\\/\u{8}\u{C}\n\r\té😀é"))
    }

    @Test(
        arguments: [
            ("", .syntax, 0), ("{", .syntax, 1), ("{\"a\"", .syntax, 4), ("{\"a\":", .syntax, 5),
            ("{\"a\":1", .syntax, 6),
            ("{\"a\":1,}", .syntax, 7), ("[1,]", .syntax, 3), ("[1 2]", .syntax, 3), ("{a:1}", .syntax, 1),
            ("{'a':1}", .syntax, 1), ("01", .syntax, 1), ("1.", .syntax, 2), ("-", .syntax, 1), ("+1", .syntax, 0),
            (".5", .syntax, 0), ("1e", .syntax, 2), ("NaN", .syntax, 0), ("tru", .syntax, 0), ("truex", .syntax, 4),
            ("{} x", .syntax, 3), ("{}{}", .syntax, 2), ("\"a", .syntax, 2), ("\"\n\"", .syntax, 1),
            ("\"\\x\"", .syntax, 1), ("\"\\u12g4\"", .syntax, 1), ("\"\\ud800\"", .syntax, 1),
            ("\"\\ud800\\u0041\"", .syntax, 1), ("\"\\udc00\"", .syntax, 1), ("\u{FEFF}{}", .syntax, 0),
            ("// no\n{}", .syntax, 0), ("1e999", .numberOutOfRange, 0), ("{\"a\":1,\"a\":2}", .duplicateKey, 7),
            ("{\"a\":1,\"\\u0061\":2}", .duplicateKey, 7), ("{\"a\":\"\\u0000\"}", .nulCharacter, 6),
        ] as [(String, JSONFault.Code, Int)])
    func whatIsNoJSONIsRefusedAtItsPlace(text: String, code: JSONFault.Code, offset: Int) throws {
        let fault = try #require(self.fault(Array(text.utf8)))
        #expect(fault.code == code)
        #expect(fault.offset == offset)
    }

    @Test func aFaultNamesLineColumnAndField() throws {
        let fault = try #require(self.fault(Array("{\n  \"goals\": [\n    1, x\n]}".utf8)))
        #expect((fault.line, fault.column) == (3, 8))
        #expect(fault.pointer.description == "/goals/1")
    }

    @Test func bytesThatAreNoUTF8AreRefusedAtTheFirst() throws {
        for (bytes, offset) in [
            ([0xFF], 0), (Array("{\"a".utf8) + [0xC3, 0x28], 3), (Array("\"é".utf8) + [0xED, 0xA0, 0x80], 3),
        ] as [([UInt8], Int)] {
            let fault = try #require(self.fault(bytes))
            #expect(fault.code == .notUTF8)
            #expect(fault.offset == offset)
        }
    }

    @Test func sixtyFourLevelsAreEnoughAndOneMoreIsRefused() throws {
        let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        _ = try self.read(nested(64))
        #expect(self.fault(Array(nested(65).utf8))?.code == .tooDeep)
        #expect(self.fault(Array(String(repeating: "[", count: 60_000).utf8))?.code == .tooDeep)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func whatAnEncoderWroteIsReadBack(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let value = Self.randomObject(depth: 4, using: &generator)
            let data = try JSONEncoder().encode(WrittenValue(value: value))
            #expect(try StrictJSONReader.read(Array(data)) == value, "seed \(seed)")
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func damagedTextIsRefusedOrReadableByOthersToo(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let value = Self.randomObject(depth: 4, using: &generator)
        let bytes = Array(try JSONEncoder().encode(WrittenValue(value: value)))
        for _ in 0..<200 {
            var damaged = bytes
            for _ in 0...Int.random(in: 0...2, using: &generator) {
                let index = Int.random(in: damaged.indices, using: &generator)
                damaged[index] = UInt8.random(in: 0...255, using: &generator)
            }
            if self.fault(damaged) == nil {
                #expect(
                    (try? JSONSerialization.jsonObject(with: Data(damaged), options: .fragmentsAllowed)) != nil,
                    "seed \(seed)")
            }
        }
    }

    private static func randomObject(depth: Int, using generator: inout SeededGenerator) -> ProfileValue {
        var members: [String: ProfileValue] = [:]
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            members[Self.randomText(using: &generator)] = Self.randomValue(depth: depth - 1, using: &generator)
        }
        return .object(members)
    }

    private static func randomValue(depth: Int, using generator: inout SeededGenerator) -> ProfileValue {
        switch Int.random(in: 0...(depth > 0 ? 6 : 4), using: &generator) {
        case 0: .null
        case 1: .bool(Bool.random(using: &generator))
        case 2: .number(Double(Int.random(in: -1_000_000...1_000_000, using: &generator)))
        case 3: .number(Double.random(in: -1...1, using: &generator))
        case 4: .string(Self.randomText(using: &generator))
        case 5:
            .array(
                (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                    Self.randomValue(depth: depth - 1, using: &generator)
                })
        default: Self.randomObject(depth: depth, using: &generator)
        }
    }

    private static func randomText(using generator: inout SeededGenerator) -> String {
        let alphabet = Array("ab\"\\/\n\t\u{1F}é😀ع %")
        return String(
            (0..<Int.random(in: 0...8, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? "a" }
        )
    }
}

/// Writes a value the way any client would.
private struct WrittenValue: Encodable {
    let value: ProfileValue

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self.value {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let values): try container.encode(values.map(WrittenValue.init))
        case .object(let members): try container.encode(members.mapValues(WrittenValue.init))
        }
    }
}
