import JobQueuePostgres

/// The charts of a queue.
enum QueueCharts {
    /// Rates, waits and runs.
    static func figures(_ history: QueueHistory, id: String) -> [ChartFigure] {
        let rate: (Double) -> String = { "\(Excerpt.number($0)) a minute" }
        let time: (Double) -> String = { Excerpt.duration(.milliseconds(Int64($0))) }
        let charts = [
            LineChart(
                title: "Accepted and finished",
                series: [
                    .init(name: "accepted", values: history.spans.map(Self.accepted)),
                    .init(
                        name: "finished", values: history.spans.map { $0.statistics.perSecond(\.ended) * 60 }),
                ], format: rate),
            LineChart(
                title: "Wait",
                series: [
                    .init(name: "half within", values: history.spans.map { Self.time($0.statistics.waits, 50) }),
                    .init(name: "95 % within", values: history.spans.map { Self.time($0.statistics.waits, 95) }),
                ], format: time),
            LineChart(
                title: "Run",
                series: [
                    .init(name: "half within", values: history.spans.map { Self.time($0.statistics.runs, 50) }),
                    .init(name: "95 % within", values: history.spans.map { Self.time($0.statistics.runs, 95) }),
                ], format: time),
        ]
        return charts.enumerated().map { ChartFigure($1, id: "\(id)-\($0)") }
    }

    private static func accepted(_ span: QueueHistory.Span) -> Double? {
        span.enqueued.map { Double($0) / (span.statistics.window / .seconds(60)) }
    }

    /// In milliseconds; `nil` where nothing was timed.
    private static func time(_ histogram: DurationHistogram, _ percentile: Double) -> Double? {
        histogram.count == 0 ? nil : histogram.value(at: percentile) / .milliseconds(1)
    }
}

/// A line of the table that says what the charts show.
struct HistoryRow: Sendable {
    let time: String
    let accepted: String
    let finished: String
    let failed: String
    let waitHalf: String
    let waitMost: String
    let runHalf: String
    let runMost: String

    /// The latest span first.
    static func rows(_ history: QueueHistory, minutes: Int) -> [HistoryRow] {
        history.spans.enumerated().reversed().map { place, span in
            let ago = (history.spans.count - place) * minutes
            let statistics = span.statistics
            func time(_ histogram: DurationHistogram, _ percentile: Double) -> String {
                histogram.count == 0 ? "–" : Excerpt.duration(histogram.value(at: percentile))
            }
            return HistoryRow(
                time: "\(ago) to \(ago - minutes) min ago", accepted: span.enqueued.map { "\($0)" } ?? "–",
                finished: "\(statistics.counts.ended)",
                failed: "\(statistics.counts.retried + statistics.counts.discarded)",
                waitHalf: time(statistics.waits, 50), waitMost: time(statistics.waits, 95),
                runHalf: time(statistics.runs, 50), runMost: time(statistics.runs, 95))
        }
    }
}
