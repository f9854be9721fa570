import Configuration
import Foundation
import IPAddresses
import LanguageModels
import Logging
import SystemPackage

extension Settings {
    /// Reads environment variables, and below them a YAML file where one is named.
    ///
    /// | key in the file | environment |
    /// |---|---|
    /// | `database.url`, `database.direct.url`, `database.max.connections` | `DATABASE_URL`, … |
    /// | `mcp.storage.url`, `.token`, `.mapping`, `.bucket` | `MCP_STORAGE_URL`, … |
    /// | `mcp.vector.url`, `.token`, `.mapping`, `.collection` | `MCP_VECTOR_URL`, … |
    /// | `lectern.providers.file` | `LECTERN_PROVIDERS_FILE` |
    /// | `chat.base.url`, `chat.api.key`, `chat.model` | `CHAT_BASE_URL`, … |
    /// | `embedding.base.url`, `.api.key`, `.model`, `.dimension` | `EMBEDDING_BASE_URL`, … |
    /// | `lectern.embedding.folder` | `LECTERN_EMBEDDING_FOLDER` |
    /// | `lectern.book`, `.host`, `.port`, `.data.dir`, `.slots`, `.drain.seconds`, `.log.level`, `.log.format`, `.ops.token` |
    /// `LECTERN_BOOK`, … |
    /// | `lectern.oidc.issuer`, `.audience`, `.algorithms`, `.jwks.url` | `LECTERN_OIDC_ISSUER`, … |
    /// | `lectern.rate.learner`, `.rate.address`, `.trusted.proxies`, `.cors.origins`, `.security.contact`, `.webhooks.file`,
    /// `.shutdown.delay.seconds` | `LECTERN_RATE_LEARNER`, … |
    ///
    /// A secret may stand in a file instead: `…_FILE` names it (`CHAT_API_KEY_FILE`).
    /// - Throws: ``Problem`` for a value that cannot be used.
    public static func load(role: ProcessRole, configurationFile: String?) async throws -> Settings {
        var providers: [any ConfigProvider] = [EnvironmentVariablesProvider()]
        if let configurationFile {
            do {
                providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(configurationFile)))
            } catch {
                throw Problem("the configuration file \(configurationFile) cannot be read: \(error)")
            }
        }
        let reader = ConfigReader(providers: providers)
        var settings = Settings()
        settings.port = role.defaultPort
        settings.dataDirectory = ".lectern/data/\(role.rawValue)"

        settings.database.url = try secretText(reader, "database.url") ?? ""
        settings.database.directURL = try secretText(reader, "database.direct.url") ?? settings.database.url
        settings.database.maximumConnections =
            try number(
                reader, "database.max.connections", in: 1...500) ?? settings.database.maximumConnections

        settings.storage.url = reader.string(forKey: "mcp.storage.url") ?? settings.storage.url
        settings.storage.token = try secretText(reader, "mcp.storage.token").flatMap { APIKey($0) }
        settings.storage.mappingFile = reader.string(forKey: "mcp.storage.mapping")
        settings.storage.container = reader.string(forKey: "mcp.storage.bucket") ?? settings.storage.container
        settings.vectors.url = reader.string(forKey: "mcp.vector.url") ?? settings.vectors.url
        settings.vectors.token = try secretText(reader, "mcp.vector.token").flatMap { APIKey($0) }
        settings.vectors.mappingFile = reader.string(forKey: "mcp.vector.mapping")
        settings.vectors.container = reader.string(forKey: "mcp.vector.collection") ?? settings.vectors.container

        try settings.readProviders(
            file: reader.string(forKey: "lectern.providers.file"),
            single: Model(
                baseURL: reader.string(forKey: "chat.base.url"),
                key: try secretText(reader, "chat.api.key").flatMap { APIKey($0) },
                model: reader.string(forKey: "chat.model")))
        settings.embedding = Model(
            baseURL: reader.string(forKey: "embedding.base.url"),
            key: try secretText(reader, "embedding.api.key").flatMap { APIKey($0) },
            model: reader.string(forKey: "embedding.model"),
            dimension: try number(reader, "embedding.dimension", in: 1...4096),
            // Set and empty: no static model, also where the caller's environment would name one.
            folder: reader.string(forKey: "lectern.embedding.folder").flatMap { $0.isEmpty ? nil : $0 })
        if settings.embedding.baseURL != nil, settings.embedding.model == nil || settings.embedding.dimension == nil {
            throw Problem("EMBEDDING_BASE_URL is set but EMBEDDING_MODEL or EMBEDDING_DIMENSION is not")
        }

        settings.search.vectorPercent = try number(reader, "lectern.search.vector.percent", in: 0...100)
        if let limit = try number(reader, "lectern.search.vector.ms", in: 1...30_000) {
            settings.search.vectorTime = .milliseconds(limit)
        }
        settings.prewarmTokens = try number(reader, "lectern.prewarm.tokens", in: 0...1_000_000_000) ?? 0
        settings.web = try self.web(reader)
        settings.operatorKey = try secretText(reader, "lectern.ops.token").flatMap { APIKey($0) }
        settings.book = reader.string(forKey: "lectern.book")
        settings.host = reader.string(forKey: "lectern.host") ?? settings.host
        settings.port = try number(reader, "lectern.port", in: 0...65_535) ?? settings.port
        settings.dataDirectory = reader.string(forKey: "lectern.data.dir") ?? settings.dataDirectory
        settings.worker.slots = try number(reader, "lectern.slots", in: 1...1_000)
        if let seconds = try number(reader, "lectern.drain.seconds", in: 0...3_600) {
            settings.worker.drainTimeout = .seconds(seconds)
        }
        if let name = reader.string(forKey: "lectern.log.level") {
            guard let level = Logger.Level(rawValue: name.lowercased()) else {
                throw Problem(
                    "LECTERN_LOG_LEVEL is \(name), not one of "
                        + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
            }
            settings.log.level = level
        }
        switch reader.string(forKey: "lectern.log.format") {
        case nil, "text": settings.log.isJSON = false
        case "json": settings.log.isJSON = true
        case .some(let other): throw Problem("LECTERN_LOG_FORMAT is \(other), not text or json")
        }
        return settings
    }

    private static func web(_ reader: ConfigReader) throws -> Web {
        var web = Web()
        if let limit = try number(reader, "lectern.rate.learner", in: 0...1_000_000) {
            web.learnerPerMinute = limit == 0 ? nil : limit
        }
        if let limit = try number(reader, "lectern.rate.address", in: 0...1_000_000) {
            web.addressPerMinute = limit == 0 ? nil : limit
        }
        web.trustedProxies = try self.list(reader, "lectern.trusted.proxies").map { text in
            guard let network = IPNetwork(text) else {
                throw Problem(
                    "LECTERN_TRUSTED_PROXIES holds \(text), which is no address and no network such as 10.0.0.0/8")
            }
            return network
        }
        web.origins = self.list(reader, "lectern.cors.origins")
        web.signIn = try self.signIn(reader)
        if let contact = reader.string(forKey: "lectern.security.contact"), !contact.isEmpty {
            guard ["mailto:", "https://"].contains(where: contact.hasPrefix),
                contact.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw Problem("LECTERN_SECURITY_CONTACT is \(contact), which is no mailto: or https: address")
            }
            web.securityContact = contact
        }
        if let seconds = try number(reader, "lectern.shutdown.delay.seconds", in: 0...300) {
            web.shutdownDelay = .seconds(seconds)
        }
        web.webhooksFile = reader.string(forKey: "lectern.webhooks.file").flatMap { $0.isEmpty ? nil : $0 }
        return web
    }

    /// Words with commas between them.
    static func list(_ reader: ConfigReader, _ key: String) -> [String] {
        let text = reader.string(forKey: ConfigKey(key)) ?? ""
        return text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// A number from the configuration, refused when it is none or out of range.
    private static func number(_ reader: ConfigReader, _ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = reader.string(forKey: ConfigKey(key)) ?? reader.int(forKey: ConfigKey(key)).map(String.init)
        else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw Problem("\(variable(key)) is \(text), not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A secret, given as such or as the path of a file that holds it.
    private static func secretText(_ reader: ConfigReader, _ key: String) throws -> String? {
        if let value = reader.string(forKey: ConfigKey(key), isSecret: true) { return value }
        guard let path = reader.string(forKey: ConfigKey(key + ".file")) else { return nil }
        do {
            return try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw Problem("\(variable(key))_FILE names \(path), which cannot be read")
        }
    }

    private static func variable(_ key: String) -> String {
        key.uppercased().replacing(".", with: "_")
    }
}
