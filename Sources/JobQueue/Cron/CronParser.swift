/// Reads the notation of ``CronExpression``.
enum CronParser {
    struct FieldValues {
        var values: CronValues
        /// Something is left out.
        var isRestricted: Bool
        var beginsWithStar: Bool
    }

    private static let macros = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *",
        "@yearly": "0 0 1 1 *",
    ]

    /// The five fields in the order of ``CronField``.
    static func fields(of text: String) throws(CronSyntaxError) -> [FieldValues] {
        var words = text.split { $0 == " " || $0 == "\t" }
        if let word = words.first, word.hasPrefix("@") {
            guard words.count == 1, let meaning = self.macros[word.lowercased()] else {
                throw CronSyntaxError(
                    "\"\(text.prefix(80))\": the short forms are @hourly, @daily, @weekly, @monthly and @yearly, alone")
            }
            words = meaning.split(separator: " ")
        }
        guard words.count == CronField.allCases.count else {
            throw CronSyntaxError(
                """
                "\(text.prefix(80))" has \(words.count) fields; a cron expression has five: \
                \(CronField.allCases.map(\.name).joined(separator: ", "))
                """)
        }
        var fields: [FieldValues] = []
        for (field, word) in zip(CronField.allCases, words) { fields.append(try self.field(field, word)) }
        return fields
    }

    private static func field(_ field: CronField, _ text: Substring) throws(CronSyntaxError) -> FieldValues {
        var values = CronValues()
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard !item.isEmpty else { throw CronSyntaxError(field, text, "an entry of the list is empty") }
            values = values.union(try self.item(field, item))
        }
        let beginsWithStar = text.hasPrefix("*")
        return FieldValues(
            values: values, isRestricted: !beginsWithStar || values != CronValues(field.range),
            beginsWithStar: beginsWithStar)
    }

    /// One entry of a list: `*`, `a`, `a-b`, or a step over the first or the last of these.
    private static func item(_ field: CronField, _ text: Substring) throws(CronSyntaxError) -> CronValues {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let bounds = halves[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let range: ClosedRange<Int>
        if halves[0] == "*" {
            range = field.range
        } else {
            let lower = try self.number(field, bounds[0], in: text)
            var upper = bounds.count == 2 ? try self.number(field, bounds[1], in: text) : lower
            // A week may end on its Sunday: fri-sun.
            if field == .dayOfWeek, bounds.count == 2, lower > 0, bounds[1].lowercased() == "sun" { upper = 7 }
            guard lower <= upper else {
                throw CronSyntaxError(field, text, "the range runs backwards, write it as two ranges")
            }
            range = lower...upper
        }
        var step = 1
        if halves.count == 2 {
            guard halves[0] == "*" || bounds.count == 2 else {
                throw CronSyntaxError(
                    field, text, "a step needs a range, write \(halves[0])-\(field.range.upperBound)/\(halves[1])")
            }
            guard let number = self.digits(halves[1]), (1...field.range.upperBound).contains(number) else {
                throw CronSyntaxError(field, text, "a step must be a number 1-\(field.range.upperBound)")
            }
            step = number
        }
        var values = CronValues()
        for value in stride(from: range.lowerBound, through: range.upperBound, by: step) {
            values.insert(field == .dayOfWeek ? value % 7 : value)
        }
        return values
    }

    private static func number(
        _ field: CronField, _ text: Substring, in item: Substring
    ) throws(CronSyntaxError) -> Int {
        if let place = field.words.firstIndex(of: text.lowercased()) { return field.range.lowerBound + place }
        guard let number = self.digits(text) else {
            throw CronSyntaxError(field, item, "\"\(text.prefix(20))\" is no value")
        }
        guard field.writtenRange.contains(number) else {
            throw CronSyntaxError(field, item, "\(text.prefix(20)) is out of range")
        }
        return number
    }

    /// Decimal digits only: what `Int` accepts beyond them, such as a sign, is a slip here.
    private static func digits(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(text) ?? .max
    }
}
