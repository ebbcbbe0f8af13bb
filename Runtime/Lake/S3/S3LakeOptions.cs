using System.Text.Json;
using System.Text.Json.Serialization;

namespace FlowForge.Lake.S3;

/// <summary>Where a lake in a bucket lies, and how it is reached.</summary>
public sealed record S3LakeOptions
{
    /// <summary>Name of the environment variable by which another process of this machine (a notebook's kernel) is told the same.</summary>
    public const string EnvironmentVariable = "FLOWFORGE_LAKE_S3";

    /// <summary>What the cache may take unless told otherwise.</summary>
    public const long DefaultCacheBytes = 20L << 30;

    /// <summary>The bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>What all keys of the lake begin with, without a slash at either end; may be empty.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Address of the service; null for Amazon's of the region.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Region of the bucket.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>The bucket in the path instead of the host's name; null: whenever <see cref="Endpoint"/> is given.</summary>
    public bool? PathStyle { get; init; }

    /// <summary>Access key; null to find credentials as Amazon's tools do (environment, profile, role of the machine).</summary>
    public string? AccessKey { get; init; }

    /// <summary>Secret key.</summary>
    public string? SecretKey { get; init; }

    /// <summary>Token of temporary credentials.</summary>
    public string? SessionToken { get; init; }

    /// <summary>Bytes that copies of data files may take on this machine.</summary>
    public long CacheBytes { get; init; } = DefaultCacheBytes;

    // A copy that was asked for a moment ago is about to be opened, so it stays that long.
    internal TimeSpan CacheGrace { get; init; } = TimeSpan.FromMinutes(3);

    // A body that brings nothing for so long is asked for again.
    internal TimeSpan StallTime { get; init; } = TimeSpan.FromSeconds(60);

    // How often the client itself repeats a call.
    internal int Retries { get; init; } = 4;

    /// <summary>Reads <c>s3://bucket/prefix</c>; null for anything else, such as a folder.</summary>
    /// <exception cref="LakeException">It begins with <c>s3://</c> and is not right.</exception>
    public static S3LakeOptions? Parse(string root)
    {
        const string scheme = "s3://";
        if (!root.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) return null;
        var parts = root[scheme.Length..].Trim('/').Split('/');
        if (parts[0].Length is < 3 or > 63 || !parts[0].All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.'))
            throw new LakeException($"Lake:Root '{root}' does not name a bucket. Write s3://bucket/prefix; a bucket's name has 3 to 63 small letters, digits, dots and hyphens.");
        if (parts.Skip(1).Any(p => p is "" or "." or ".."))
            throw new LakeException($"The prefix of Lake:Root '{root}' has an empty part, '.' or '..'. Write s3://bucket/prefix.");
        return new S3LakeOptions { Bucket = parts[0], Prefix = string.Join('/', parts.Skip(1)) };
    }

    /// <summary>As people write it; never a secret.</summary>
    public override string ToString() => Prefix.Length == 0 ? $"s3://{Bucket}" : $"s3://{Bucket}/{Prefix}";

    /// <summary>The value for <see cref="EnvironmentVariable"/>. It has the secrets in it.</summary>
    public string ToEnvironment() => JsonSerializer.Serialize(this, S3LakeJson.Default.S3LakeOptions);

    /// <summary>What <see cref="ToEnvironment"/> wrote; null when the variable is not set.</summary>
    public static S3LakeOptions? FromEnvironment() =>
        Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } text ? JsonSerializer.Deserialize(text, S3LakeJson.Default.S3LakeOptions) : null;
}

[JsonSerializable(typeof(S3LakeOptions))]
internal sealed partial class S3LakeJson : JsonSerializerContext;
