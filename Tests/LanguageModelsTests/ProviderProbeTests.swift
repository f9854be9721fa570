import CurlHTTP
import LanguageModels
import Testing

@Suite struct ProviderProbeTests {
    @Test func aListSaysWhetherTheModelIsThere() async throws {
        let probe = ProviderProbe(endpoint: try await Provider.endpoint(), http: Provider.http)
        #expect(try await probe.ask(for: "scripted") == .hasModel)
        #expect(try await probe.ask(for: "other") == .lacksModel(others: ["scripted"]))
    }

    @Test func anEndpointWithoutAListIsNoFailure() async throws {
        let endpoint = OpenAIEndpoint(baseURL: try await Provider.url + "/deeper")
        #expect(try await ProviderProbe(endpoint: endpoint, http: Provider.http).ask(for: "x") == .hasNoList)
    }

    @Test func anEndpointThatDoesNotAnswerIsAFailure() async throws {
        // Port 1 of the loopback address: nothing listens there.
        let probe = ProviderProbe(endpoint: OpenAIEndpoint(baseURL: "http://127.0.0.1:1/v1"), http: Provider.http)
        #expect(await modelError { try await probe.ask(for: "x") }?.code == .unreachable)
    }
}
