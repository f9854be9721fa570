public import Hummingbird
import IPAddresses
public import Learners

/// Work that a learner asks for through a page. It counts against the same rates as `POST /api/personalize`, so that no
/// page is a way around them.
public struct PageWork: Sendable {
    private let rates: RequestRates
    private let peer: IPAddress?
    private let forwardedFor: [String]

    init(rates: RequestRates, peer: IPAddress?, forwardedFor: [String]) {
        self.rates = rates
        self.peer = peer
        self.forwardedFor = forwardedFor
    }

    /// Counts one request.
    /// - Returns: `nil` when it is admitted, else whole seconds to wait.
    public func admit(_ learner: LearnerID) -> Int? {
        do {
            _ = try self.rates.count(self.caller(learner))
            return nil
        } catch {
            return error.headers[.retryAfter].flatMap { Int($0) } ?? 1
        }
    }

    /// Takes a request out of account again that turned out to ask for no work.
    public func giveBack(_ learner: LearnerID) {
        self.rates.giveBack(self.caller(learner))
    }

    private func caller(_ learner: LearnerID) -> RequestRates.Caller {
        RequestRates.Caller(learner: learner, peer: self.peer, forwardedFor: self.forwardedFor)
    }
}

extension LearnerAPI {
    /// The rates for whoever sends this request to a page.
    public func pageWork(_ request: Request, _ context: any RequestContext) -> PageWork {
        PageWork(
            rates: self.rates, peer: (context as? any PeerContext)?.peer,
            forwardedFor: request.headers[values: .forwardedFor])
    }
}
