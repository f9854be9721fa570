import IPAddresses
import ServerTesting
import Testing

@testable import LearnerAPI

@Suite struct RateLimitTests {
    @Test func `a bucket gives its size at once and then as much as a minute brings`() {
        let time = ManualTime()
        let limiter = RateLimiter(time: time.keeper)
        let ask = { limiter.admit([(name: "a", limit: 6)])[0] }
        #expect((0..<6).map { _ in ask().remaining } == [5, 4, 3, 2, 1, 0])
        let refused = ask()
        #expect(!refused.isAdmitted && refused.reset == .seconds(10) && refused.remaining == 0)
        time.pass(.seconds(9))
        #expect(ask().reset == .seconds(1))
        time.pass(.seconds(1))
        #expect(ask().isAdmitted)
        #expect(!ask().isAdmitted)
        time.pass(.seconds(600))
        #expect((0..<7).map { _ in ask().isAdmitted } == [true, true, true, true, true, true, false])
    }

    @Test func `in any minute no more than twice the limit is admitted, however requests are spread`() {
        var random = SeededGenerator(seed: 7)
        for limit in [1, 7, 120] {
            let time = ManualTime()
            let limiter = RateLimiter(time: time.keeper)
            var admitted: [Duration] = []
            for _ in 0..<3_000 {
                time.pass(.milliseconds(random.below(400)))
                if limiter.admit([(name: "a", limit: limit)])[0].isAdmitted { admitted.append(time.now) }
            }
            for start in admitted {
                #expect(admitted.count { $0 >= start && $0 < start + .seconds(60) } <= 2 * limit)
            }
            #expect(admitted.count >= limit * Int(time.now / .seconds(60)) * 9 / 10)
        }
    }

    @Test func `where one bucket is empty, the other loses nothing`() {
        let limiter = RateLimiter(time: ManualTime().keeper)
        #expect(limiter.admit([(name: "a", limit: 1)])[0].isAdmitted)
        for _ in 0..<5 {
            let both = limiter.admit([(name: "a", limit: 1), (name: "b", limit: 3)])
            #expect(both.map(\.isAdmitted) == [false, true])
        }
        #expect(limiter.admit([(name: "b", limit: 3)])[0].remaining == 2)
    }

    @Test func `the memory is bounded, and who asked of late is not forgotten`() {
        let limiter = RateLimiter(maximumNames: 100, time: ManualTime().keeper)
        for number in 0..<1_000 {
            _ = limiter.admit([(name: "\(number)", limit: 1)])
            limiter.trim()
            #expect(limiter.count <= 200)
            #expect(!limiter.admit([(name: "\(number)", limit: 1)])[0].isAdmitted)
        }
    }

    @Test func `a forwarded address counts only where a trusted proxy vouches for it`() throws {
        var limits = RateLimits()
        limits.trustedProxies = [try #require(IPNetwork("10.0.0.0/8")), try #require(IPNetwork("::1"))]
        let client = { (peer: String, fields: [String]) in
            limits.client(peer: IPAddress(peer), forwardedFor: fields)
        }
        #expect(client("203.0.113.9", ["198.51.100.1"]) == IPAddress("203.0.113.9"))
        #expect(client("10.1.1.1", ["198.51.100.1"]) == IPAddress("198.51.100.1"))
        #expect(client("10.1.1.1", ["1.1.1.1, 198.51.100.1 , 10.2.2.2"]) == IPAddress("198.51.100.1"))
        #expect(client("::1", ["1.1.1.1", "2001:db8::7"]) == IPAddress("2001:db8::7"))
        #expect(client("10.1.1.1", []) == IPAddress("10.1.1.1"))
        #expect(client("10.1.1.1", ["198.51.100.1, unknown"]) == IPAddress("10.1.1.1"))
        #expect(limits.client(peer: nil, forwardedFor: ["1.1.1.1"]) == nil)
    }
}
