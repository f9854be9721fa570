/// Which names may stand in addresses and object keys.
public enum SafeName {
    /// The most bytes a slug or a path segment may have.
    public static let maximumBytes = 200

    /// Words that follow a slug in addresses, so that none can end a slug with slashes.
    private static let reservedEndings: Set<String> = [
        "content", "start", "complete", "time", "events", "diff", "feedback",
    ]
    /// Words that stand in addresses where a slug could, so that none can be a whole slug.
    private static let reservedSlugs: Set<String> = ["cache"]

    /// Why a text is no slug; `nil` if it is one. A slug is one or more segments of letters, digits and `-_.~`,
    /// joined by single slashes.
    public static func problemWithSlug(_ slug: String) -> String? {
        if slug.isEmpty { return "is empty" }
        if slug.utf8.count > self.maximumBytes { return "has more than \(self.maximumBytes) bytes" }
        let segments = slug.split(separator: "/", omittingEmptySubsequences: false)
        for segment in segments {
            if segment.isEmpty { return "has an empty segment" }
            if segment == "." || segment == ".." { return "has the segment \(segment)" }
            for scalar in segment.unicodeScalars where !self.isAllowed(scalar) {
                return "holds \(self.name(of: scalar))"
            }
        }
        if self.reservedSlugs.contains(slug) { return "is the reserved word \(slug)" }
        if segments.count > 1, let last = segments.last, self.reservedEndings.contains(String(last)) {
            return "ends with the reserved segment \(last)"
        }
        return nil
    }

    /// Why a text may not be a segment of an object key; `nil` if it may. Any printable text without slashes will do.
    public static func problemWithSegment(_ segment: String) -> String? {
        if segment.isEmpty { return "is empty" }
        if segment == "." || segment == ".." { return "is \(segment)" }
        if segment.utf8.count > self.maximumBytes { return "has more than \(self.maximumBytes) bytes" }
        for scalar in segment.unicodeScalars {
            let isForbidden = scalar == "/" || scalar == "\\" || self.isInvisible(scalar)
            if isForbidden { return "holds \(self.name(of: scalar))" }
        }
        return nil
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return UInt8(scalar.value).isLetter || UInt8(scalar.value).isDigit || "-_.~".unicodeScalars.contains(scalar)
        }
        return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || scalar.properties.generalCategory == .nonspacingMark
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }

    private static func name(of scalar: Unicode.Scalar) -> String {
        if scalar == " " { return "a space" }
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return self.isInvisible(scalar) ? "the control character \(code)" : "the character \(scalar)"
    }
}
