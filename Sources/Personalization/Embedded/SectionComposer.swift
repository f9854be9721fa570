import Learners
import Textbook

/// Decides what stands between the blocks of one section for readers of one slice.
struct SectionComposer {
    private let section: SectionSource
    private let slice: SectionSlice
    private let reading: SectionReading
    private let glossary: Glossary
    private let phrases: Phrases

    init(_ section: SectionSource, slice: SectionSlice, glossary: Glossary, phrases: Phrases) {
        self.section = section
        self.slice = slice
        self.reading = SectionReading(section.markdown, glossary: glossary)
        self.glossary = glossary
        self.phrases = phrases
    }

    /// The section with everything that the slice asks for.
    func compose() -> [UInt8] {
        var draft = SectionDraft(
            sourceLength: String(decoding: self.section.markdown, as: UTF8.self).unicodeScalars.count)
        var terms = TermNotes(
            glossary: self.glossary, slice: self.slice, introduced: self.section.introducedTerms,
            phrases: self.phrases)
        let divides = self.slice.dividesSentences(in: self.section.facts)
        for passage in self.reading.passages {
            terms.flush(into: &draft)
            terms.beginPassage()
            var isAnnotated = false
            for index in passage.blocks {
                let block = self.reading.blocks[index]
                self.copy(block, divides: divides, into: &draft)
                if block.heading != nil, !isAnnotated {
                    self.annotate(passage, into: &draft)
                    isAnnotated = true
                } else {
                    self.explain(block, in: passage, terms: &terms, into: &draft)
                }
            }
        }
        if self.reading.blocks.endClosed { terms.flush(into: &draft) }
        return draft.finished
    }

    private func copy(_ block: Block, divides: Bool, into draft: inout SectionDraft) {
        let source = self.section.markdown[block.range]
        switch block.kind {
        case .blank: draft.copyBlank(source)
        case .paragraph where divides: draft.copy(SentenceSplitter.split(source)[...])
        default: draft.copy(source)
        }
    }

    /// Adds what a block needs after it: notes on its terms, a reading of its code.
    private func explain(
        _ block: Block, in passage: Passage, terms: inout TermNotes, into draft: inout SectionDraft
    ) {
        if block.isRunningText {
            // A list of objectives names terms before anything is said of them; their place is where they are taught.
            if passage.isTeaching { terms.read(ProseText.visible(self.section.markdown, block)) }
            // A paragraph that ends with a colon belongs to what follows it.
            if !self.introducesNext(block) { terms.flush(into: &draft) }
        } else if let fence = block.fence, fence.isClosed {
            let reading = CodeReading(fence, in: self.section.markdown)
            if let band = self.slice.programming, let paragraph = reading.paragraph(for: band, self.phrases) {
                draft.addIfAffordable(paragraph)
            }
            terms.flush(into: &draft)
        }
    }

    private func introducesNext(_ block: Block) -> Bool {
        self.section.markdown[block.range].last { $0 > 0x20 } == UInt8(ascii: ":")
    }

    /// Adds a skim mark or a gloss below a heading.
    private func annotate(_ passage: Passage, into draft: inout SectionDraft) {
        if let gloss = passage.gloss(self.phrases, self.glossary) { draft.addIfAffordable("> " + gloss) }
        if let mark = passage.skimMark(for: self.slice, self.phrases, self.glossary) {
            draft.addIfAffordable("> " + mark)
        }
    }
}

extension [Block] {
    /// Whether text can be added at the end without landing inside an open block.
    var endClosed: Bool {
        guard let last = self.last(where: { $0.kind != .blank }) else { return true }
        return switch last.kind {
        case .paragraph, .heading, .list, .blockQuote, .table, .thematicBreak, .indentedCode: true
        case .fence(let fence): fence.isClosed
        case .admonition(let admonition): admonition.isClosed
        case .frontMatter, .comment, .html, .jsx, .math, .moduleStatement, .blank: false
        }
    }
}
