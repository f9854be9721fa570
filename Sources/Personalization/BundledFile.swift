import Foundation

/// The data files that ship with this module.
enum BundledFile: String {
    case terms = "Glossary/terms.json"
    case englishPhrases = "Glossary/phrases.en.json"
    case urduPhrases = "Glossary/phrases.ur.json"
    case urduHeadings = "Glossary/headings.ur.json"
    case promptV2 = "Prompts/v2.md"

    /// - Throws: ``PersonalizationError`` when the installation lacks the file.
    func read() throws(PersonalizationError) -> [UInt8] {
        let address = Bundle.module.bundleURL.appendingPathComponent(self.rawValue)
        do {
            return [UInt8](try Data(contentsOf: address))
        } catch {
            throw PersonalizationError(.resourceUnreadable, "The bundled file \(self.rawValue) cannot be read.")
        }
    }

    /// - Throws: ``PersonalizationError`` when the file is missing or has another shape.
    func decode<Value: Decodable>(_: Value.Type) throws(PersonalizationError) -> Value {
        let bytes = try self.read()
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch {
            throw PersonalizationError(.resourceUnreadable, "The bundled file \(self.rawValue) has another shape.")
        }
    }
}
