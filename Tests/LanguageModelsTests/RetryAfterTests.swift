import FoundationEssentials
import Testing

@testable import LanguageModels

@Suite struct RetryAfterTests {
    /// 6 November 1994, 08:49:07 GMT.
    private let now = Date(timeIntervalSince1970: 784_111_747)

    @Test(
        arguments: [
            ("120", Duration.seconds(120)), ("0", .zero), ("1.5", .milliseconds(1500)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", .seconds(30)), ("Sunday, 06-Nov-94 08:49:37 GMT", .seconds(30)),
            ("Sun Nov  6 08:49:37 1994", .seconds(30)), ("Sun, 06 Nov 1994 08:00:00 GMT", .zero),
            ("Fri, 31 Dec 9999 23:59:59 GMT", .seconds(86_400)), ("1e300", .seconds(86_400)),
        ])
    func secondsAndDatesAreUnderstood(text: String, wait: Duration) {
        #expect(RetryAfter.duration(retryAfter: text, milliseconds: nil, now: self.now) == wait)
    }

    @Test(arguments: [
        "", "soon", "-1", "nan", "inf", "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:00:00 GMT",
    ])
    func nonsenseIsNoWait(text: String) {
        #expect(RetryAfter.duration(retryAfter: text, milliseconds: nil, now: self.now) == nil)
    }

    @Test func datesAcrossLeapYearsAreExact() {
        #expect(HTTPDate.date("Thu, 01 Jan 1970 00:00:00 GMT")?.timeIntervalSince1970 == 0)
        #expect(HTTPDate.date("Tue, 29 Feb 2000 12:00:00 GMT")?.timeIntervalSince1970 == 951_825_600)
        #expect(HTTPDate.date("Fri, 01 Mar 2024 00:00:00 GMT")?.timeIntervalSince1970 == 1_709_251_200)
    }
}
