using FlowForge.Api.Connections;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace FlowForge.Api.Endpoints;

/// <summary>Stored secrets. Values go in and never come out.</summary>
internal static class SecretEndpoints
{
    public static void MapSecrets(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("/secrets").WithTags("Secrets");
        group.MapGet("/", List).WithSummary("Names of stored secrets, with what refers to them.");
        group.MapPut("/{name}", Put).WithSummary("Stores a secret, or changes its value; whatever refers to it uses the new one from its next opening on.");
        group.MapDelete("/{name}", Delete).WithSummary("Deletes a secret. 409 while something refers to it, unless force=true.");
        group.MapPost("/rotate-key", Rotate).WithSummary("Encrypts all secrets with a new key.");
    }

    private static IReadOnlyList<SecretEntry> List(SecretStore secrets, ConnectionUses uses)
    {
        var used = uses.BySecret();
        return [.. secrets.List().Select(s => new SecretEntry(s.Name, s.UpdatedAt, [.. used[s.Name].Order(StringComparer.Ordinal)]))];
    }

    private static NoContent Put(SecretStore secrets, string name, PutSecret body)
    {
        if (!SecretStore.IsName(name)) throw ProblemException.Bad("FF5030", $"'{name}' is no name of a secret.", "Use letters, digits, dots, _ and -, beginning with a letter or digit, up to 200.");
        if (body.Value is not { Length: > 0 and <= SecretStore.LongestValue }) throw ProblemException.Bad("FF5031", $"The value must have 1 to {SecretStore.LongestValue} characters.");
        secrets.Put(name, body.Value);
        return TypedResults.NoContent();
    }

    private static NoContent Delete(SecretStore secrets, ConnectionUses uses, string name, bool? force)
    {
        var users = uses.BySecret()[name].ToList();
        if (secrets.Has(name) && users.Count > 0 && force != true)
            throw new ProblemException(409, "FF5032", "Not possible now", $"The secret '{name}' is used by {string.Join(", ", users.Take(10))}{(users.Count > 10 ? $" and {users.Count - 10} more" : "")}.",
                "Change these first, or delete it anyway with force=true: they fail at their next use.");
        return secrets.Delete(name) ? TypedResults.NoContent() : throw ProblemException.NotFound("FF5033", $"There is no secret '{name}'.", "GET /api/v1/secrets lists their names.");
    }

    private static RotatedKey Rotate(SecretStore secrets) => new(secrets.RotateKey(), secrets.KeyPlace);
}
