import MarkdownHTML
import Mustache

/// The templates of the pages: every file in `Templates`, by its name without the ending. Whatever they print is
/// escaped, but for HTML that the Markdown renderer made.
struct PageTemplates: Sendable {
    private let library: MustacheLibrary

    /// - Throws: ``WebError`` when one is missing or does not parse.
    init() throws(WebError) {
        MustacheContentTypes.register(ScalarEscaping(), named: "PAGE")
        var library = MustacheLibrary()
        for file in try BundledFile.names(in: "Templates", ending: ".mustache") {
            let name = String(file.dropLast(".mustache".count))
            // Partials begin anew with the library's own escaping, so each template asks for ours.
            let text = "{{% CONTENT_TYPE:PAGE}}\n" + (try BundledFile("Templates/\(file)").text())
            do {
                try library.register(text, named: name)
            } catch {
                throw WebError(code: .malformedTemplate, message: "The template \(name) does not parse.")
            }
        }
        self.library = library
    }

    /// The whole page: the frame with the page's own template in it, whose names are those of the model, `frame` and
    /// `t`.
    /// - Throws: ``WebError`` for a template that is not there.
    func html(_ frame: PageFrame, _ model: Any, strings: [String: String]) throws(WebError) -> String {
        guard self.library.getTemplate(named: frame.template) != nil,
            let html = self.library.render(Layout(frame: frame, t: strings, page: model), withTemplate: "layout")
        else {
            throw WebError(code: .missingTemplate, message: "There is no template \(frame.template).")
        }
        return html
    }
}

/// What the template `layout` names.
private struct Layout {
    let frame: PageFrame
    let t: [String: String]
    let page: Any
}

/// Escapes by scalars: the library goes by characters, and takes a quote with a combining mark for another character
/// than a quote, though a browser ends the attribute there.
private struct ScalarEscaping: MustacheContentType {
    func escapeText(_ text: String) -> String { HTMLEscape.escaped(text) }
}
