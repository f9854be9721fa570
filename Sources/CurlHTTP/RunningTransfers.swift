import CCurl

/// The transfers under way and the handles to reuse: the event thread's own state.
struct RunningTransfers: ~Copyable {
    private let multi: UnsafeMutableRawPointer
    private let configuration: HTTPClientConfiguration
    private var exchanges: [ObjectIdentifier: CurlExchange] = [:]
    private var spareHandles: [UnsafeMutableRawPointer] = []
    /// No transfer can have been silent too long before this instant.
    private var nextSilenceCheckAt: ContinuousClock.Instant?

    init(multi: UnsafeMutableRawPointer, configuration: HTTPClientConfiguration) {
        self.multi = multi
        self.configuration = configuration
    }

    deinit {
        for handle in self.spareHandles { curl_easy_cleanup(handle) }
    }

    mutating func add(_ transfer: Transfer) {
        guard !transfer.isEnded else { return }
        guard let easy = self.spareHandles.popLast() ?? curl_easy_init() else {
            transfer.finish(.failure(self.exhausted(transfer)))
            return
        }
        let exchange = CurlExchange(transfer, easy: easy, configuration: self.configuration)
        guard curl_multi_add_handle(self.multi, easy) == CURLM_OK else {
            curl_easy_cleanup(easy)
            transfer.finish(.failure(self.exhausted(transfer)))
            return
        }
        self.exchanges[ObjectIdentifier(transfer)] = exchange
        if let idleTimeout = transfer.request.idleTimeout {
            let deadline = exchange.lastActivityAt.advanced(by: idleTimeout)
            self.nextSilenceCheckAt = min(self.nextSilenceCheckAt ?? deadline, deadline)
        }
    }

    mutating func resume(_ transfer: Transfer) {
        self.exchanges[ObjectIdentifier(transfer)]?.resume()
    }

    mutating func remove(_ transfer: Transfer) {
        guard let exchange = self.exchanges.removeValue(forKey: ObjectIdentifier(transfer)) else { return }
        // libcurl may still write into what belongs to the exchange.
        withExtendedLifetime(exchange) {
            curl_multi_remove_handle(self.multi, exchange.easy)
            self.recycle(exchange.easy)
        }
    }

    mutating func removeAll(_ error: (Transfer) -> HTTPClientError) {
        for exchange in Array(self.exchanges.values) {
            exchange.transfer.finish(.failure(error(exchange.transfer)))
            self.remove(exchange.transfer)
        }
    }

    /// Moves bytes where that is possible without waiting, and ends what is done.
    mutating func perform() {
        var running: Int32 = 0
        curl_multi_perform(self.multi, &running)
        var easy: UnsafeMutableRawPointer?
        var result = CURLE_OK
        while ccurl_multi_next_done(self.multi, &easy, &result) != 0 {
            guard let context = ccurl_get_private(easy) else { continue }
            let exchange = CurlExchange.of(context)
            // First out of libcurl, so that the connection is free when the asking task goes on.
            self.remove(exchange.transfer)
            exchange.finish(result)
        }
    }

    /// Ends what has been silent for too long; answers how long nothing of the kind can happen.
    mutating func endSilentTransfers(now: ContinuousClock.Instant) -> Duration {
        guard let check = self.nextSilenceCheckAt else { return .seconds(60) }
        guard check <= now else { return now.duration(to: check) }
        self.nextSilenceCheckAt = nil
        for exchange in Array(self.exchanges.values) {
            guard let idleTimeout = exchange.transfer.request.idleTimeout else { continue }
            if exchange.isPaused { exchange.touch() }
            let deadline = exchange.lastActivityAt.advanced(by: idleTimeout)
            if deadline <= now {
                exchange.transfer.finish(
                    .failure(
                        HTTPClientError(
                            .timeout, "\(exchange.transfer.request): no byte for \(idleTimeout)", isTransient: true)))
                self.remove(exchange.transfer)
            } else {
                self.nextSilenceCheckAt = min(self.nextSilenceCheckAt ?? deadline, deadline)
            }
        }
        return self.nextSilenceCheckAt.map { now.duration(to: $0) } ?? .seconds(60)
    }

    private mutating func recycle(_ easy: UnsafeMutableRawPointer) {
        guard self.spareHandles.count < 64 else { return curl_easy_cleanup(easy) }
        curl_easy_reset(easy)
        self.spareHandles.append(easy)
    }

    private func exhausted(_ transfer: Transfer) -> HTTPClientError {
        HTTPClientError(.resourcesExhausted, "\(transfer.request): libcurl has no handle left", isTransient: true)
    }
}
