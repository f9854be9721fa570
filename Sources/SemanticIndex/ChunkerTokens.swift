/// A cheap estimate of how many tokens a language model sees in a text.
///
/// It follows the habits that byte-pair vocabularies share: a word is one token and one more for each eight letters, a
/// new word begins at a capital inside a word, three digits make a token, every mark of punctuation is one, white
/// space counts only where it is more than one space, two letters of the scripts between U+0080 and U+07FF (Arabic,
/// Urdu, Cyrillic, Greek) make one, and any later character is one. For English prose that is about 1.3 tokens per
/// word. The estimate for two texts together is never more than the sum, so packing by sums holds a limit.
public enum ChunkerTokens {
    private enum Run {
        case none, letters, digits, space, twoByte
    }

    /// The estimate for a text.
    public static func count(_ text: String) -> Int {
        var text = text
        return text.withUTF8 { self.count($0) }
    }

    static func count(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.withUnsafeBufferPointer { self.count($0) }
    }

    private static func count(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var tokens = 0
        var run = Run.none
        var length = 0
        var previous: UInt8 = 0
        for byte in bytes {
            switch byte {
            case 0x61...0x7A, 0x41...0x5A:
                let isNewWord = byte < 0x61 && previous >= 0x61 && previous <= 0x7A
                if run != .letters || isNewWord {
                    (run, length) = (.letters, 0)
                }
                if length % 8 == 0 { tokens += 1 }
                length += 1
            case 0x30...0x39:
                if run != .digits { (run, length) = (.digits, 0) }
                if length % 3 == 0 { tokens += 1 }
                length += 1
            case 0x09, 0x0A, 0x0D, 0x20:
                if run != .space { (run, length) = (.space, byte == 0x20 ? -1 : 0) }
                if length == 0 { tokens += 1 }
                length += 1
            case 0x00...0x7F:
                run = .none
                tokens += 1
            case 0x80...0xBF:
                break
            case 0xC0...0xDF:
                if run != .twoByte { (run, length) = (.twoByte, 0) }
                if length % 2 == 0 { tokens += 1 }
                length += 1
            default:
                run = .none
                tokens += 1
            }
            previous = byte
        }
        return tokens
    }
}
