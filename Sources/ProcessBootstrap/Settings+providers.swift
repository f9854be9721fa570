import FoundationEssentials
import LanguageModels
import PipelineJobs

extension Settings {
    /// Takes the providers of a file, or the one endpoint that the environment names.
    /// - Parameter single: becomes a provider that is named after its host, `api.openai.com`.
    /// - Throws: ``Problem`` when a file cannot be used, or both are given.
    public mutating func readProviders(file: String?, single: Model? = nil) throws {
        guard let file, !file.isEmpty else { return try self.readSingle(single) }
        guard single?.baseURL == nil else {
            throw Problem("LECTERN_PROVIDERS_FILE and CHAT_BASE_URL are both set; keep one of them")
        }
        let yaml: String
        do {
            yaml = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw Problem("LECTERN_PROVIDERS_FILE names \(file), which cannot be read")
        }
        do {
            self.providers = try ModelProviders(yaml: yaml, file: file)
        } catch {
            throw Problem("\(error)")
        }
        for provider in self.providers.providers {
            guard let path = provider.keyFile else { continue }
            self.providerKeys[provider.name] = try Self.key(of: provider.name, path: path, beside: file)
        }
    }

    private mutating func readSingle(_ model: Model?) throws {
        guard let model, let baseURL = model.baseURL else { return }
        guard let name = model.model else { throw Problem("CHAT_BASE_URL is set but CHAT_MODEL is not") }
        let provider = FleetModelLimits.host(of: baseURL)
        self.providers = ModelProviders(
            providers: [ModelProviders.Provider(name: provider, baseURL: baseURL, model: name)])
        self.providerKeys[provider] = model.key
    }

    /// The key in a file; a relative path begins in the folder of the file that names it.
    private static func key(of provider: String, path: String, beside file: String) throws -> APIKey {
        let folder = URL(filePath: file).deletingLastPathComponent()
        let url = URL(filePath: path, relativeTo: folder)
        guard let text = try? String(contentsOf: url, encoding: .utf8) else {
            throw Problem("key_file of \(provider) names \(path), which cannot be read")
        }
        guard let key = APIKey(text) else { throw Problem("key_file of \(provider), \(path), is empty") }
        return key
    }
}
