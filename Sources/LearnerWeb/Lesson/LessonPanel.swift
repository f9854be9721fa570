import Foundation
import Personalization

/// What the Personalized tab shows besides a text; one of the optional members, or none.
struct LessonPanel {
    /// Something to say, with a way on.
    struct Message {
        let title: String
        let text: String
        /// Where a plain link leads, and how it is called.
        var linkAddress: String?
        var linkLabel: String?
        /// The form's action, and how its button is called.
        var action: String?
        var actionLabel: String?
    }

    /// A text that is being written.
    struct Waiting {
        struct Section {
            let ordinal: Int
            let html: String
        }

        let operation: String
        let state: String
        /// Whole seconds until looking again makes sense.
        let retryAfter: Int
        let hasTotal: Bool
        let done: Int
        let total: Int
        let isLate: Bool
        let late: String
        let language: String
        let direction: String
        let written: [Section]
        let hasWritten: Bool
    }

    /// Where a text comes from.
    struct Provenance {
        let writer: String
        let generator: String
        /// RFC 3339, and as people read it.
        let time: String
        let shownTime: String
        let changesAddress: String
    }

    /// A difference, line by line.
    struct Changes {
        struct Hunk {
            let isGap: Bool
            let isEqual: Bool
            let isInserted: Bool
            let isDeleted: Bool
            let label: String
            let lines: [String]
        }

        let hunks: [Hunk]
        let isEmpty: Bool
    }

    var message: Message?
    var waiting: Waiting?
    var provenance: Provenance?
    var changes: Changes?
}

extension LessonPanel.Changes {
    /// Lines shown around a change.
    private static let context = 2

    /// - Parameter gapLabel: names a number of lines that are left out.
    init(_ hunks: [LineDiff.Hunk], gapLabel: (Int) -> String) {
        var shown: [Hunk] = []
        for (index, hunk) in hunks.enumerated() {
            guard hunk.kind == .equal else {
                shown.append(
                    Hunk(
                        isGap: false, isEqual: false, isInserted: hunk.kind == .insert, isDeleted: hunk.kind == .delete,
                        label: "", lines: hunk.lines))
                continue
            }
            let before = index == 0 ? 0 : Self.context
            let after = index == hunks.count - 1 ? 0 : Self.context
            let left = hunk.lines.count - before - after
            // Leaving out one line saves nothing.
            let pieces = left > 1 ? [hunk.lines.prefix(before), hunk.lines.suffix(after)] : [hunk.lines[...]]
            for (place, lines) in pieces.enumerated() {
                if place == 1 {
                    shown.append(
                        Hunk(
                            isGap: true, isEqual: false, isInserted: false, isDeleted: false, label: gapLabel(left),
                            lines: []))
                }
                guard !lines.isEmpty else { continue }
                shown.append(
                    Hunk(
                        isGap: false, isEqual: true, isInserted: false, isDeleted: false, label: "",
                        lines: Array(lines)))
            }
        }
        self.hunks = shown
        self.isEmpty = !hunks.contains { $0.kind != .equal }
    }
}
