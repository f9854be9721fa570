import Learners
import Textbook

/// Decides what stands between the blocks of one lesson for one learner.
struct LessonComposer {
    /// How much is added.
    enum Depth: CaseIterable {
        /// Everything the slice asks for.
        case full
        /// A frame before the text, which stays in one piece.
        case frame
    }

    let title: String
    let body: [UInt8]
    let blocks: [Block]
    let sections: [LessonSection]
    let profile: LearnerProfile
    let slice: ProfileSlice
    let glossary: Glossary
    let phrases: Phrases

    init(lesson: LessonSource, profile: LearnerProfile, glossary: Glossary, phrases: Phrases) {
        self.body = lesson.body
        self.blocks = BlockScanner.scan(self.body)
        self.sections = LessonSection.sections(of: self.blocks, in: self.body, glossary: glossary)
        self.title = PlainText.line(lesson.title, limit: 120)
        self.profile = profile
        self.slice = ProfileSlice(profile)
        self.glossary = glossary
        self.phrases = phrases
    }

    func compose(_ depth: Depth) -> String {
        let draft =
            switch depth {
            case .full: self.fullDraft()
            case .frame: self.frameDraft()
            }
        return String(decoding: draft.finished, as: UTF8.self)
    }

    /// Long sentences are divided only for those who are new to everything and read English.
    private var dividesSentences: Bool {
        self.slice.isNewcomer && self.profile.preferredLanguage == .en
    }

    private func frameDraft() -> LessonDraft {
        var draft = LessonDraft(sourceLength: self.body.count)
        for paragraph in self.frame(divided: false) { draft.add(paragraph) }
        draft.copy(self.body[...])
        return draft
    }

    private func fullDraft() -> LessonDraft {
        var draft = LessonDraft(sourceLength: String(decoding: self.body, as: UTF8.self).unicodeScalars.count)
        var terms = TermNotes(glossary: self.glossary, slice: self.slice, phrases: self.phrases)
        var isFramed = false
        let frame = self.frame(divided: self.dividesSentences)
        if self.blocks.first(where: { $0.kind != .blank })?.heading == nil {
            frame.forEach { draft.add($0) }
            isFramed = true
        }
        for (index, block) in self.blocks.enumerated() {
            if block.heading != nil { terms.flush(into: &draft) }
            if case .blank = block.kind {
                draft.copyBlank(self.body[block.range])
            } else {
                self.copy(block, into: &draft)
            }
            if block.heading != nil {
                terms.beginSection()
                if !isFramed {
                    frame.forEach { draft.add($0) }
                    isFramed = true
                }
                self.annotate(sectionAt: index, into: &draft)
            } else {
                self.explain(block, at: index, terms: &terms, into: &draft)
            }
        }
        if self.endsClosed {
            terms.flush(into: &draft)
            draft.add(self.phrases.text(self.closingKey, ["title": self.title]))
        }
        return draft
    }

    private func copy(_ block: Block, into draft: inout LessonDraft) {
        let source = self.body[block.range]
        if block.kind == .paragraph, self.dividesSentences {
            draft.copy(SentenceSplitter.split(source)[...])
        } else {
            draft.copy(source)
        }
    }

    private func isInFrame(_ index: Int) -> Bool {
        self.sections.contains { $0.blocks.contains(index) && $0.heading != nil && $0.isFrame }
    }

    /// Adds what a block needs after it: notes on its terms, a reading of its code.
    private func explain(_ block: Block, at index: Int, terms: inout TermNotes, into draft: inout LessonDraft) {
        switch block.kind {
        case .paragraph, .list, .blockQuote, .table, .admonition:
            if let admonition = block.admonition, !admonition.isClosed { return }
            // A list of objectives names terms before anything is said of them; their place is where they are taught.
            if !self.isInFrame(index) { terms.read(ProseText.visible(self.body, block)) }
            // A paragraph that ends with a colon belongs to what follows it.
            if !self.introducesNext(block) { terms.flush(into: &draft) }
        case .fence(let fence):
            guard fence.isClosed else { return }
            if let reading = CodeReading(fence, in: self.body).paragraph(for: self.slice.programming, self.phrases) {
                draft.addIfAffordable(reading)
            }
            terms.flush(into: &draft)
        case .frontMatter, .heading, .indentedCode, .comment, .html, .jsx, .math, .moduleStatement, .thematicBreak,
            .blank:
            break
        }
    }

    private func introducesNext(_ block: Block) -> Bool {
        self.body[block.range].last { $0 > 0x20 } == UInt8(ascii: ":")
    }

    /// Adds a skim mark or a gloss below a heading.
    private func annotate(sectionAt index: Int, into draft: inout LessonDraft) {
        guard let section = self.sections.first(where: { $0.blocks.lowerBound == index }) else { return }
        if let gloss = section.gloss(self.phrases, self.glossary) { draft.addIfAffordable("> " + gloss) }
        if let mark = section.skimMark(for: self.slice, self.phrases, self.glossary) {
            draft.addIfAffordable("> " + mark)
        }
    }

    /// Whether text can be added at the end without landing inside an open block.
    private var endsClosed: Bool {
        guard let last = self.blocks.last(where: { $0.kind != .blank }) else { return true }
        return switch last.kind {
        case .paragraph, .heading, .list, .blockQuote, .table, .thematicBreak, .indentedCode: true
        case .fence(let fence): fence.isClosed
        case .admonition(let admonition): admonition.isClosed
        case .frontMatter, .comment, .html, .jsx, .math, .moduleStatement, .blank: false
        }
    }
}
