/// Finds numbers with a unit in prose: "33 DOF", "$16k", "200 ms", "3°".
enum Measures {
    /// Units that are the same in every language; spelled-out ones may be translated and are left out.
    private static let units: Set<String> = [
        "s", "ms", "µs", "μs", "ns", "min", "h", "m", "cm", "mm", "km", "µm", "μm", "nm", "kg", "g", "mg", "t", "N",
        "kN", "Nm", "N·m", "N⋅m", "J", "kJ", "MJ", "W", "kW", "MW", "Wh", "kWh", "Wh/kg", "V", "mV", "kV", "A", "mA",
        "Ah", "mAh", "Hz", "kHz", "MHz", "GHz", "Pa", "kPa", "MPa", "bar", "°", "°C", "°/s", "K", "rad", "rad/s", "m/s",
        "m/s²", "km/h", "rpm", "fps", "FPS", "dB", "px", "B", "kB", "KB", "MB", "GB", "TB", "Mbit/s", "Gbit/s",
        "GB/s", "MB/s", "TOPS", "GFLOPS", "TFLOPS", "DOF", "DoF", "%", "‰", "k", "M", "bn", "€", "$",
    ]

    /// The measures of a text, written without white space and with plain hyphens.
    static func find(in text: String) -> Set<String> {
        let scalars = Array(text.unicodeScalars)
        var found: Set<String> = []
        var index = 0
        while index < scalars.count {
            guard Self.isDigit(scalars[index]) else {
                index += 1
                continue
            }
            let start = index
            index = Self.endOfNumber(scalars, from: start)
            if start > 0, Self.isWordPart(scalars[start - 1]) { continue }
            let number = Self.text(scalars[start..<index])
            let currency = start > 0 && Self.currencies.contains(scalars[start - 1]) ? scalars[start - 1] : nil
            var unitStart = index
            while unitStart < scalars.count, unitStart - index < 2, Self.gaps.contains(scalars[unitStart]) {
                unitStart += 1
            }
            let unitEnd = scalars[unitStart...].firstIndex { !Self.isUnitPart($0) } ?? scalars.count
            // A dot or a bar may end the sentence or the cell, a longer word is no unit.
            let unit = String(String.UnicodeScalarView(scalars[unitStart..<unitEnd]))
            if let currency {
                found.insert("\(currency)\(number)\(self.units.contains(unit) ? unit : "")")
            } else if self.units.contains(unit) {
                found.insert(number + unit)
                index = unitEnd
            }
        }
        return found
    }

    private static let currencies: Set<Unicode.Scalar> = ["$", "€", "£", "₨"]
    /// Space, no-break space, narrow no-break space, thin space, hyphen.
    private static let gaps: Set<Unicode.Scalar> = [" ", "\u{A0}", "\u{202F}", "\u{2009}", "-", "\n"]
    private static let dashes: Set<Unicode.Scalar> = ["-", "–", "−"]

    private static func endOfNumber(_ scalars: [Unicode.Scalar], from start: Int) -> Int {
        var index = start
        while index < scalars.count {
            if self.isDigit(scalars[index]) {
                index += 1
            } else if index + 1 < scalars.count, self.isDigit(scalars[index + 1]),
                scalars[index] == "." || scalars[index] == "," || self.dashes.contains(scalars[index])
            {
                index += 2
            } else {
                break
            }
        }
        return index
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(scalars.map { self.dashes.contains($0) ? "-" : $0 }))
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic
    }

    private static func isUnitPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || ["°", "·", "⋅", "/", "²", "³", "%", "‰", "€", "$"].contains(scalar)
    }
}
