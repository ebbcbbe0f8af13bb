namespace FlowForge.Plugins;

/// <summary>
/// A password, key or token. It never shows itself: <see cref="ToString"/> gives stars, so logs, errors and record
/// printing are safe. Call <see cref="Reveal"/> only where the value is sent to the system it belongs to.
/// </summary>
public readonly struct Secret(string value) : IEquatable<Secret>
{
    public string Reveal() => value ?? "";
    public bool IsEmpty => string.IsNullOrEmpty(value);
    public override string ToString() => "***";
    public bool Equals(Secret other) => Reveal() == other.Reveal();
    public override bool Equals(object? obj) => obj is Secret other && Equals(other);
    public override int GetHashCode() => Reveal().GetHashCode(StringComparison.Ordinal);
    public static bool operator ==(Secret left, Secret right) => left.Equals(right);
    public static bool operator !=(Secret left, Secret right) => !left.Equals(right);
}
