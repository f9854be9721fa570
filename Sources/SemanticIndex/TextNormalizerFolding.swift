/// What one scalar of a text is to a search.
enum ScalarFolding {
    enum Result {
        case letter(Unicode.Scalar, isUpper: Bool)
        case letters(String)
        /// Ends a word.
        case separator
        /// Belongs to the word but says nothing: a vowel sign, a joiner.
        case nothing
    }

    static func fold(_ scalar: Unicode.Scalar) -> Result {
        switch scalar.value {
        case 0x61...0x7A, 0x30...0x39:
            return .letter(scalar, isUpper: false)
        case 0x41...0x5A:
            return .letter(Unicode.Scalar(UInt8(scalar.value) | 0x20), isUpper: true)
        case 0x27, 0x2019:
            // An apostrophe: what follows is dropped with the stem's other endings.
            return .nothing
        case 0x00...0x7F:
            return .separator
        case 0xC0...0x17F:
            return self.latin(scalar)
        case 0x0600...0x06FF:
            return self.arabic(scalar)
        case 0x1E9E:
            return .letters("ss")
        case 0x300...0x36F, 0x200B...0x200F, 0xFEFF, 0xAD:
            return .nothing
        default:
            let properties = scalar.properties
            guard properties.isAlphabetic || properties.numericType != nil else { return .separator }
            let lower = properties.lowercaseMapping
            guard let first = lower.unicodeScalars.first, lower.unicodeScalars.count == 1 else {
                return .letters(lower)
            }
            return .letter(first, isUpper: first != scalar)
        }
    }

    private static let latinBases: [UInt32: Character] = {
        let groups: [(Character, String)] = [
            ("a", "àáâãäåāăą"), ("c", "çćĉċč"), ("d", "ďđ"), ("e", "èéêëēĕėęě"), ("g", "ĝğġģ"), ("h", "ĥħ"),
            ("i", "ìíîïĩīĭįı"), ("j", "ĵ"), ("k", "ķ"), ("l", "ĺļľŀł"), ("n", "ñńņňŉ"), ("o", "òóôõöøōŏő"),
            ("r", "ŕŗř"),
            ("s", "śŝşš"), ("t", "ţťŧ"), ("u", "ùúûüũūŭůűų"), ("w", "ŵ"), ("y", "ýÿŷ"), ("z", "źżž"),
        ]
        var bases: [UInt32: Character] = [:]
        for (base, letters) in groups {
            for letter in letters.unicodeScalars { bases[letter.value] = base }
        }
        return bases
    }()

    private static func latin(_ scalar: Unicode.Scalar) -> Result {
        let lower = scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar
        switch lower.value {
        case 0xD7, 0xF7: return .separator
        case 0xDF: return .letters("ss")
        case 0xE6: return .letters("ae")
        case 0x153: return .letters("oe")
        default: break
        }
        guard let base = self.latinBases[lower.value]?.unicodeScalars.first else {
            return .letter(lower, isUpper: lower != scalar)
        }
        return .letter(base, isUpper: lower != scalar)
    }

    /// Arabic and Urdu keyboards write the same letter with different codes; vowel signs are seldom written.
    private static func arabic(_ scalar: Unicode.Scalar) -> Result {
        switch scalar.value {
        case 0x064B...0x065F, 0x0670, 0x0640, 0x0610...0x061A, 0x06D6...0x06ED: return .nothing
        case 0x0649, 0x064A, 0x06CD: return .letter("\u{06CC}", isUpper: false)
        case 0x0643: return .letter("\u{06A9}", isUpper: false)
        case 0x0647, 0x06D5, 0x06C0, 0x06C2: return .letter("\u{06C1}", isUpper: false)
        case 0x0622, 0x0623, 0x0625: return .letter("\u{0627}", isUpper: false)
        case 0x0624: return .letter("\u{0648}", isUpper: false)
        case 0x0660...0x0669:
            return Unicode.Scalar(scalar.value - 0x0660 + 0x30).map { .letter($0, isUpper: false) } ?? .separator
        case 0x06F0...0x06F9:
            return Unicode.Scalar(scalar.value - 0x06F0 + 0x30).map { .letter($0, isUpper: false) } ?? .separator
        default:
            return scalar.properties.isAlphabetic ? .letter(scalar, isUpper: false) : .separator
        }
    }
}
