import Textbook

extension Validators {
    static func code(_ source: LessonFacts, _ output: LessonFacts) -> CheckFailure? {
        var next = 0
        var added = output.code[..<0]
        for (index, piece) in source.code.enumerated() {
            guard let place = output.code[next...].firstIndex(of: piece) else {
                return CheckFailure(
                    .code,
                    "Code block \(index + 1) of \(source.code.count) (it begins with \(self.firstLine(piece))) was "
                        + "changed, moved or left out: keep every block, in its order, byte for byte.")
            }
            added += output.code[next..<place]
            next = place + 1
        }
        added += output.code[next...]
        guard let foreign = added.first(where: { !self.isMarkedExample($0) }) else { return nil }
        return CheckFailure(
            .code,
            "The text has code that the lesson does not have (it begins with \(self.firstLine(foreign))): leave it out, "
                + "or mark it as an example in its first line.")
    }

    /// Code of a writer's own says so in its first line, below the fence.
    private static func isMarkedExample(_ piece: [UInt8]) -> Bool {
        let lines = piece.split(whereSeparator: \.isLineEnd).prefix(2)
        guard let first = lines.dropFirst().first else { return false }
        let text = String(decoding: first, as: UTF8.self).lowercased()
        return text.contains("example") || text.contains("مثال")
    }

    private static func firstLine(_ piece: [UInt8]) -> String {
        let line = piece.drop { $0.isLineEnd }.prefix { !$0.isLineEnd }.prefix(60)
        return String(decoding: line, as: UTF8.self)
    }

    static func headings(_ source: LessonFacts, _ output: LessonFacts) -> CheckFailure? {
        guard source.headings.count == output.headings.count else {
            return CheckFailure(
                .headings,
                "The lesson has \(source.headings.count) headings, the text has \(output.headings.count): keep each "
                    + "heading and add none.")
        }
        for (number, (before, after)) in zip(source.headings, output.headings).enumerated() {
            if before.level != after.level {
                return CheckFailure(
                    .headings,
                    "Heading \(number + 1) must be of level \(before.level), as “\(before.text.prefix(60))” is.")
            }
            if before.id != after.id {
                return CheckFailure(
                    .headings, "Heading \(number + 1) must keep its id as written: “\(before.text.prefix(60))”.")
            }
        }
        return nil
    }

    static func targets(_ source: LessonFacts, _ output: LessonFacts) -> CheckFailure? {
        let before = source.targets.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        let after = output.targets.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        guard before != after else { return nil }
        let lost = before.filter { after[$0.key, default: 0] < $0.value }.keys.sorted()
        if let first = lost.first {
            return CheckFailure(.targets, "The link to \(first.prefix(80)) is missing or changed: keep every target.")
        }
        return CheckFailure(.targets, "The text has links that the lesson does not have: add none.")
    }

    static func measures(_ source: LessonFacts, _ output: LessonFacts) -> CheckFailure? {
        let lost = source.measures.subtracting(output.measures).sorted()
        guard !lost.isEmpty else { return nil }
        let shown = lost.prefix(8).joined(separator: ", ")
        return CheckFailure(.measures, "These numbers are missing or changed: \(shown). Keep them with their units.")
    }

    static func warnings(_ source: LessonFacts, _ output: LessonFacts) -> CheckFailure? {
        var next = 0
        for (index, warning) in source.warnings.enumerated() {
            guard let place = output.warnings[next...].firstIndex(of: warning) else {
                return CheckFailure(
                    .warnings,
                    "Warning \(index + 1) of \(source.warnings.count) was changed, moved or left out: keep each "
                        + "warning, danger and caution block as it is.")
            }
            next = place + 1
        }
        return nil
    }

    static func framing(_ source: LessonFacts, _ output: LessonFacts) -> CheckFailure? {
        if case .fence? = output.opening, output.code.first != source.code.first {
            return CheckFailure(.framing, "Write the lesson itself, not inside a code fence.")
        }
        let opening = Self.openingWords(output)
        guard let preamble = Self.preambles.first(where: opening.hasPrefix),
            !Self.openingWords(source).hasPrefix(preamble)
        else { return nil }
        return CheckFailure(.framing, "Begin with the lesson; leave out the opening “\(preamble)…”.")
    }

    private static func openingWords(_ facts: LessonFacts) -> String {
        String(decoding: facts.trimmed.prefix(80), as: UTF8.self).lowercased()
    }

    private static let preambles = [
        "sure", "certainly", "of course", "here is", "here's", "here’s", "absolutely", "i have ", "i've ", "i’ve ",
        "as an ai", "below is", "okay", "the following is", "یہ رہا", "ضرور", "یقیناً", "بالکل",
    ]

    static func markup(_ source: LessonFacts, _ output: LessonFacts) -> CheckFailure? {
        let added = output.tags.filter { $0.value > source.tags[$0.key, default: 0] }.keys.sorted()
        if let first = added.first {
            return CheckFailure(
                .markup, "The text has HTML that the lesson does not have (\(first.prefix(20))): use none.")
        }
        for piece in output.markup where !source.markup.contains(piece) {
            let text = String(decoding: piece.prefix(20), as: UTF8.self)
            return CheckFailure(.markup, "The text has HTML that the lesson does not have (\(text)): use none.")
        }
        let before = String(decoding: source.bytes, as: UTF8.self).lowercased()
        let after = String(decoding: output.bytes, as: UTF8.self).lowercased()
        for word in ["javascript:", "vbscript:", "data:text/html", "<script"]
        where after.contains(word) && !before.contains(word) {
            return CheckFailure(.markup, "The text has something that could run (\(word)): leave it out.")
        }
        return nil
    }
}
