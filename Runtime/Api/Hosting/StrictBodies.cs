using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace FlowForge.Api.Hosting;

/// <summary>
/// Bodies are held to the nullability of the contract's types: a member that cannot be null and has no default must be there, none of them may be null, and neither may the items of
/// a list. Without this they would come into the endpoints as null. Answers are not affected.
/// </summary>
internal static class StrictBodies
{
    public static void Apply(JsonSerializerOptions options) =>
        options.TypeInfoResolver = (options.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(Tighten);

    private static void Tighten(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object || type.Type.Assembly != typeof(Contracts.Problem).Assembly) return;
        var context = new NullabilityInfoContext();
        var members = new List<Member>();
        foreach (var property in type.Properties.Where(p => !p.PropertyType.IsValueType && p.Get is not null))
        {
            if (property.AttributeProvider is not PropertyInfo declared) continue;
            var info = context.Create(declared);
            var mayBeNull = info.ReadState != NullabilityState.NotNull;
            if (!mayBeNull && property.AssociatedParameter is { HasDefaultValue: false }) property.IsRequired = true;
            var isList = property.PropertyType != typeof(string) && info.GenericTypeArguments is [{ ReadState: NullabilityState.NotNull }] && typeof(IEnumerable).IsAssignableFrom(property.PropertyType);
            if (!mayBeNull || isList) members.Add(new(property.Name, property.Get!, mayBeNull, isList));
        }
        if (members.Count == 0) return;
        var before = type.OnDeserialized;
        type.OnDeserialized = value =>
        {
            before?.Invoke(value);
            foreach (var member in members) member.Check(value);
        };
    }

    private sealed record Member(string Name, Func<object, object?> Get, bool MayBeNull, bool IsList)
    {
        public void Check(object owner)
        {
            var value = Get(owner);
            if (value is null && !MayBeNull) throw new JsonException($"'{Name}' must not be null.");
            if (IsList && value is IEnumerable items && items.Cast<object?>().Contains(null)) throw new JsonException($"The items of '{Name}' must not be null.");
        }
    }
}
