using FlowForge.Api.Problems;

namespace FlowForge.Api.Endpoints;

/// <summary>Checks what queries ask for, with the same words everywhere.</summary>
internal static class Paging
{
    public const int LargestPage = 500;

    /// <summary>Page number and size, or the problem with them.</summary>
    public static (int Page, int Size) Check(int? page, int? size)
    {
        if (page is < 1)
            throw ProblemException.Bad("FF4020", $"page is {page}; pages are counted from 1.");
        if (size is < 1 or > LargestPage)
            throw ProblemException.Bad("FF4021", $"size is {size}; it must be between 1 and {LargestPage}.");
        return (page ?? 1, size ?? 50);
    }

    public static int Limit(int? limit, int otherwise, int most) => limit switch
    {
        null => otherwise,
        < 1 => throw ProblemException.Bad("FF4022", $"limit is {limit}; it must be between 1 and {most}."),
        _ when limit > most => throw ProblemException.Bad("FF4022", $"limit is {limit}; it must be between 1 and {most}."),
        _ => limit.Value
    };

    /// <summary>A word of an enum as it is written in JSON; null stays null.</summary>
    public static T? Word<T>(string name, string? text) where T : struct, Enum
    {
        if (string.IsNullOrEmpty(text))
            return null;
        foreach (var value in Enum.GetValues<T>())
            if (value.ToString().Equals(text, StringComparison.OrdinalIgnoreCase))
                return value;
        throw ProblemException.Bad("FF4023", $"{name} is '{text}'; it must be one of {string.Join(", ", Enum.GetNames<T>().Select(n => n.ToLowerInvariant()))}.");
    }

    public static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
