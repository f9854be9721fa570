import MarkdownHTML

/// A small chart of equal spans of time, the latest at the right, as SVG for inside a page.
struct LineChart {
    struct Series {
        let name: String
        /// `nil` where nothing is known.
        let values: [Double?]
    }

    /// Between two values.
    private static let step = 4
    private static let height = 48

    let title: String
    let series: [Series]
    /// Writes a value with its unit.
    let format: (Double) -> String

    /// The greatest value; 0 where there is none.
    var most: Double { self.series.flatMap { $0.values.compactMap(\.self) }.max() ?? 0 }

    private var width: Int { Self.step * max(1, (self.series.map(\.values.count).max() ?? 0) - 1) }

    /// What the chart says in words.
    var words: String {
        self.series.map { series in
            let known = series.values.compactMap(\.self)
            guard let last = series.values.last ?? nil, let most = known.max() else { return "\(series.name): nothing" }
            return "\(series.name): \(self.format(last)) last, \(self.format(most)) most"
        }.joined(separator: "; ")
    }

    /// The picture with its title and its words.
    /// - Parameter id: of the element; unlike any other in the page.
    func svg(id: String) -> String {
        let lines = self.series.enumerated().map { index, series in
            "<path class=\"s\(index)\" d=\"\(self.path(series.values))\"/>"
        }.joined()
        return """
            <svg class="chart" viewBox="0 -2 \(self.width) \(Self.height + 4)" preserveAspectRatio="none" role="img" \
            aria-labelledby="\(id)-t \(id)-d"><title id="\(id)-t">\(HTMLEscape.escaped(self.title))</title>\
            <desc id="\(id)-d">\(HTMLEscape.escaped(self.words))</desc>\(lines)</svg>
            """
    }

    /// Absolute moves and relative lines, in whole units of the picture.
    private func path(_ values: [Double?]) -> String {
        let most = self.most
        var path = ""
        var last: Int?
        for (place, value) in values.enumerated() {
            guard let value else {
                last = nil
                continue
            }
            let y = Self.height - (most > 0 ? Int((value / most * Double(Self.height)).rounded()) : 0)
            if let known = last {
                path += known == y ? "h\(Self.step)" : "l\(Self.step) \(y - known)"
            } else {
                path += "M\(place * Self.step) \(y)"
            }
            last = y
        }
        return path
    }
}

/// A chart with what stands around it.
struct ChartFigure: Sendable {
    let title: String
    let words: String
    let legend: [Key]
    /// Of ``LineChart``.
    let svg: String

    struct Key: Sendable {
        let style: String
        let name: String
    }

    init(_ chart: LineChart, id: String) {
        self.title = chart.title
        self.words = chart.words
        self.legend = chart.series.enumerated().map { Key(style: "k\($0)", name: $1.name) }
        self.svg = chart.svg(id: id)
    }
}
