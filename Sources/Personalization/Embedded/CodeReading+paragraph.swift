extension CodeReading {
    /// The paragraph that follows the code; `nil` when the reader needs none or nothing can be said.
    func paragraph(for band: ProfileSlice.ProgrammingBand, _ phrases: Phrases) -> String? {
        switch band {
        case .novice: self.walkThrough(phrases)
        case .intermediate: self.orientation(phrases)
        case .advanced: nil
        }
    }

    private func orientation(_ phrases: Phrases) -> String? {
        guard self.language.kind == .program, !self.definitions.isEmpty, self.lines > 8 else { return nil }
        return phrases.text(.codeBrief, ["names": Self.quoted(self.definitions, phrases)])
    }

    private func walkThrough(_ phrases: Phrases) -> String? {
        guard self.lines > 0 else { return nil }
        guard self.language.kind != .output else { return phrases.text(.codeOutput) }
        var sentences = [phrases.text(.code)]
        switch self.language.kind {
        case .program:
            let lines = phrases.text(self.lines == 1 ? .lineOne : .lineMany, ["count": String(self.lines)])
            sentences.append(phrases.text(.codeProgram, ["language": self.language.name, "lines": lines]))
            sentences += self.structure(phrases)
        case .shell:
            guard !self.names.isEmpty else { return nil }
            sentences.append(phrases.text(.codeShell, ["names": Self.quoted(self.names, phrases)]))
        case .data:
            guard !self.names.isEmpty else { return nil }
            sentences.append(phrases.text(.codeData, ["names": Self.quoted(self.names, phrases)]))
        case .output: break
        }
        if !self.comments.isEmpty {
            let comments = self.comments.map {
                phrases.text(.codeComment, ["line": String($0.line), "comment": $0.text])
            }
            sentences.append(phrases.text(.codeComments, ["comments": phrases.list(comments)]))
        }
        return sentences.joined(separator: " ")
    }

    private func structure(_ phrases: Phrases) -> [String] {
        var sentences: [String] = []
        if !self.imports.isEmpty {
            sentences.append(phrases.text(.codeImports, ["names": Self.quoted(self.imports, phrases)]))
        }
        if !self.values.isEmpty {
            sentences.append(phrases.text(.codeValues, ["names": Self.quoted(self.values, phrases)]))
        }
        if !self.definitions.isEmpty {
            sentences.append(phrases.text(.codeDefines, ["names": Self.quoted(self.definitions, phrases)]))
        }
        if self.repeats { sentences.append(phrases.text(.codeRepeats)) }
        if self.decides { sentences.append(phrases.text(.codeDecides)) }
        if self.returns { sentences.append(phrases.text(.codeReturns)) }
        return sentences
    }

    private static func quoted(_ names: [String], _ phrases: Phrases) -> String {
        phrases.list(names.map { "`\($0)`" })
    }
}
