import Foundation
import Learners

/// Every word of the pages that is not the book's, in each language: `Strings/{language}/{page}.json`, flat, the names
/// of a file beginning with the page's name.
struct InterfaceStrings: Sendable {
    private let byLanguage: [PreferredLanguage: [String: String]]

    /// - Throws: ``WebError`` when a file cannot be read, or when one language lacks a string of another.
    init() throws(WebError) {
        var byLanguage: [PreferredLanguage: [String: String]] = [:]
        for language in PreferredLanguage.allCases {
            byLanguage[language] = try Self.strings(of: language)
        }
        let names = Set(byLanguage.values.flatMap(\.keys))
        for (language, strings) in byLanguage {
            let missing = names.subtracting(strings.keys).sorted()
            guard missing.isEmpty else {
                throw WebError(
                    code: .missingString,
                    message: "The strings in \(language.rawValue) lack: \(missing.joined(separator: ", ")).")
            }
        }
        self.byLanguage = byLanguage
    }

    private static func strings(of language: PreferredLanguage) throws(WebError) -> [String: String] {
        var strings: [String: String] = [:]
        let folder = "Strings/\(language.rawValue)"
        for name in try BundledFile.names(in: folder, ending: ".json") {
            let bytes = try BundledFile("\(folder)/\(name)").bytes()
            let file: [String: String]
            do {
                file = try JSONDecoder().decode([String: String].self, from: Data(bytes))
            } catch {
                throw WebError(code: .malformedStrings, message: "The file \(folder)/\(name) is no list of strings.")
            }
            for (key, text) in file {
                guard strings.updateValue(text, forKey: key) == nil else {
                    throw WebError(code: .malformedStrings, message: "The string \(key) stands in two files.")
                }
            }
        }
        return strings
    }

    /// All strings of a language, by name: what templates call `t`.
    func all(_ language: PreferredLanguage) -> [String: String] {
        self.byLanguage[language] ?? [:]
    }

    /// One string, with `{name}` replaced by a value; the name itself where there is no such string, so that a
    /// mistake is seen on the page.
    func text(_ name: String, _ language: PreferredLanguage, _ values: [String: String] = [:]) -> String {
        let text = self.byLanguage[language]?[name] ?? name
        return values.isEmpty ? text : SentenceTemplate(text).filled { values[$0] }
    }
}
