import Foundation
import MarkdownHTML
import Mustache

/// The templates of the console: every file in `Templates`, by its name without the ending. Whatever they print is
/// escaped, but for the charts, which hold numbers and escaped texts only.
struct ConsoleTemplates: Sendable {
    private static let ending = ".mustache"

    private let library: MustacheLibrary

    /// - Throws: ``ConsoleError`` when one is missing or does not parse.
    init() throws(ConsoleError) {
        MustacheContentTypes.register(ScalarEscaping(), named: "CONSOLE")
        var library = MustacheLibrary()
        do {
            let folder = Bundle.module.bundleURL.appendingPathComponent("Templates")
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            where file.hasSuffix(Self.ending) {
                let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
                // Partials begin anew with the library's own escaping, so each template asks for ours.
                try library.register(
                    "{{% CONTENT_TYPE:CONSOLE}}\n" + text, named: String(file.dropLast(Self.ending.count)))
            }
        } catch {
            throw ConsoleError(description: "the console's templates cannot be used: \(error)")
        }
        self.library = library
    }

    /// The whole page: the frame with the page's own template in it.
    /// - Throws: ``ConsoleError`` for a template that is not there.
    func html(_ frame: ConsoleFrame, _ model: Any) throws(ConsoleError) -> String {
        guard self.library.getTemplate(named: frame.template) != nil,
            let html = self.library.render(Layout(frame: frame, page: model), withTemplate: "layout")
        else { throw ConsoleError(description: "there is no template \(frame.template)") }
        return html
    }
}

/// What the template `layout` names.
private struct Layout {
    let frame: ConsoleFrame
    let page: Any
}

/// Escapes by scalars: the library goes by characters, and takes a quote with a combining mark for another character
/// than a quote, though a browser ends the attribute there.
private struct ScalarEscaping: MustacheContentType {
    func escapeText(_ text: String) -> String { HTMLEscape.escaped(text) }
}
