import TraceContext

extension HTTPClientRequest {
    /// The request with the headers that name the trace of the present task, where there is one.
    func inCurrentTrace() -> HTTPClientRequest {
        guard let span = SpanContext.current,
            !self.headers.contains(where: { HTTPClientHeaders.areEqual($0.name, "traceparent") })
        else { return self }
        var request = self
        request.headers.append(("traceparent", span.traceparent))
        if let state = span.state { request.headers.append(("tracestate", state.text)) }
        return request
    }
}
