import CurlHTTP
import Foundation
import IdentityTokens
import LanguageModels
import PipelineJobs
import Postgres
import ProcessBootstrap
import SemanticIndex
import TextbookSync

extension DoctorCommand {
    /// Every configured model: whether its endpoint answers, takes the credential and has it.
    static func models(_ backends: Backends, _ settings: Settings) async -> [Finding] {
        var findings: [Finding] = []
        for provider in settings.providers.providers {
            findings.append(
                await self.model(
                    provider.model, at: provider.baseURL, key: settings.providerKeys[provider.name],
                    subject: "provider \(provider.name)", http: backends.http))
        }
        if let base = settings.embedding.baseURL {
            findings.append(
                await self.model(
                    settings.embedding.model ?? "", at: base, key: settings.embedding.key, subject: "embedding model",
                    http: backends.http))
        }
        return findings
    }

    private static func model(
        _ model: String, at baseURL: String, key: APIKey?, subject: String, http: HTTPClient
    ) async -> Finding {
        do {
            switch try await ProviderProbe(endpoint: OpenAIEndpoint(baseURL: baseURL, key: key), http: http).ask(
                for: model)
            {
            case .hasModel: return Finding(subject: subject, verdict: .ok, message: "answers, and has \(model)")
            case .hasNoList:
                return Finding(
                    subject: subject, verdict: .ok,
                    message: "answers, and keeps no list of models: whether it has \(model) shows with the first text")
            case .lacksModel(let others):
                // Gateways answer to names that they do not list.
                return Finding(
                    subject: subject, verdict: .warning,
                    message:
                        "does not list \(model), but \(others.isEmpty ? "nothing" : others.joined(separator: ", "))"
                        + "; check the model's name")
            }
        } catch let error as LanguageModelError where error.code == .unauthorized {
            return Finding(
                subject: subject, verdict: .error, message: "\(error.message); the credential is not accepted")
        } catch {
            return Finding(
                subject: subject, verdict: .error, message: "\(error); check the address and that the server runs")
        }
    }

    /// Whether readers' index was made by the rules that this command's settings name. Every process reads the same
    /// settings; one that reads others finds nothing by meaning.
    static func index(_ backends: Backends, _ settings: Settings) async -> [Finding] {
        do {
            let index = try IndexParts(
                model: backends.embedding, modelFolder: settings.embedding.folder, client: backends.vectors,
                mapping: backends.vectorMapping, collectionPrefix: settings.vectors.container)
            let row = try await backends.database.queryOne(
                """
                SELECT r.recipe FROM lectern.book b JOIN lectern.release r ON r.id = b.active_release
                WHERE r.recipe IS NOT NULL AND (\(settings.book)::text IS NULL OR b.slug = \(settings.book))
                ORDER BY r.published_at DESC LIMIT 1
                """, timeout: .seconds(5))
            guard let recipe: String = try row?.decode("recipe") else { return [] }
            guard recipe != index.recipe.fingerprint else {
                return [Finding(subject: "index", verdict: .ok, message: "readers' index is of \(index.model.name)")]
            }
            return [
                Finding(
                    subject: "index", verdict: .warning,
                    message: "readers' index was made by other rules than \(index.model.name) as set here: give every "
                        + "process the same LECTERN_EMBEDDING_FOLDER and EMBEDDING_… settings, or resync the book "
                        + "where the model is meant to change")
            ]
        } catch {
            return [Finding(subject: "index", verdict: .error, message: "\(error)")]
        }
    }

    /// Whether the issuer that learners sign in with gives its keys.
    static func signIn(_ backends: Backends, _ settings: Settings) async -> [Finding] {
        guard let policy = settings.web.signIn else { return [] }
        let start = ContinuousClock.now
        let verifier = TokenVerifier(
            policy: policy, http: backends.http, now: { Date() }, elapsed: { start.duration(to: .now) })
        do throws(TokenError) {
            try await verifier.checkKeys()
            return [Finding(subject: "sign-in", verdict: .ok, message: "\(policy.issuer) gives its keys")]
        } catch {
            return [
                Finding(
                    subject: "sign-in", verdict: .error, message: "\(error); check LECTERN_OIDC_ISSUER and the issuer")
            ]
        }
    }
}
