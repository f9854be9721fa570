import Foundation
import LanguageModels
import PipelineJobs
import ServerTesting
import Testing

@testable import ProcessBootstrap

@Suite struct ProviderSettingsTests {
    private let folder: ScratchDirectory
    private var file: String { "\(self.folder.path)/providers.yaml" }

    init() throws {
        self.folder = try ScratchDirectory()
    }

    private func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(self.folder.path)/\(name)", atomically: true, encoding: .utf8)
    }

    private func problem(file: String?, single: Settings.Model? = nil) throws -> String {
        var settings = Settings()
        let error = #expect(throws: Settings.Problem.self) { try settings.readProviders(file: file, single: single) }
        return try #require(error).description
    }

    @Test func providersAreReadWithTheKeysBesideTheirFile() throws {
        try self.write("sk-one\n", to: "one.key")
        try self.write(
            """
            providers:
              - {name: one, base_url: "http://127.0.0.1:1/v1", model: large, key_file: one.key}
              - {name: two, base_url: "http://127.0.0.1:2/v1", model: small}
            """, to: "providers.yaml")
        var settings = Settings()
        try settings.readProviders(file: self.file)
        #expect(settings.providers.providers.map(\.name) == ["one", "two"])
        #expect(settings.providerKeys == ["one": APIKey("sk-one")])
    }

    @Test func withoutAFileTheOneEndpointIsNamedAfterItsHost() throws {
        var settings = Settings()
        try settings.readProviders(
            file: nil, single: Settings.Model(baseURL: "http://LocalHost:8090/v1", key: APIKey("k"), model: "small"))
        #expect(
            settings.providers.providers == [
                .init(name: "localhost:8090", baseURL: "http://LocalHost:8090/v1", model: "small")
            ])
        #expect(settings.providerKeys == ["localhost:8090": APIKey("k")])
    }

    @Test func withoutEitherThereIsNoProvider() throws {
        var settings = Settings()
        try settings.readProviders(file: "")
        #expect(settings.providers == ModelProviders())
    }

    @Test func whatCannotBeUsedIsSaidWithItsPlace() throws {
        #expect(try self.problem(file: self.file).contains("LECTERN_PROVIDERS_FILE names \(self.file)"))
        try self.write("providers:\n  - {name: one, url: x, base_url: http://h/v1, model: m}", to: "providers.yaml")
        #expect(try self.problem(file: self.file).hasPrefix("\(self.file):2: providers[0].url is unknown"))
        try self.write(
            "providers:\n  - {name: one, base_url: http://h/v1, model: m, key_file: none.key}", to: "providers.yaml")
        #expect(
            try self.problem(file: self.file) == "key_file of one names none.key, which cannot be read")
        try self.write(" \n", to: "none.key")
        #expect(try self.problem(file: self.file) == "key_file of one, none.key, is empty")
    }

    @Test func aFileAndAnEndpointAtOnceAreRefused() throws {
        let single = Settings.Model(baseURL: "http://h/v1", model: "m")
        #expect(try self.problem(file: self.file, single: single).contains("both set"))
        #expect(
            try self.problem(file: nil, single: Settings.Model(baseURL: "http://h/v1")).contains("CHAT_MODEL is not"))
    }
}
