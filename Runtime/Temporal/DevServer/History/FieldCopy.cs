using System.Collections.Concurrent;
using Google.Protobuf.Reflection;

namespace FlowForge.Temporal.DevServer.History;

/// <summary>Copies the fields that two messages share by name and type: commands to events, events to requests.</summary>
internal static class FieldCopy
{
    private static readonly ConcurrentDictionary<(MessageDescriptor, MessageDescriptor), (FieldDescriptor From, FieldDescriptor To)[]> Plans = new();

    /// <summary>A new <typeparamref name="T"/> with the shared fields of <paramref name="source"/>; messages inside are shared, not cloned.</summary>
    public static T To<T>(IMessage source) where T : IMessage, new()
    {
        var target = new T();
        foreach (var (from, to) in Plans.GetOrAdd((source.Descriptor, target.Descriptor), static pair => Plan(pair.Item1, pair.Item2)))
        {
            var value = from.Accessor.GetValue(source);
            if (to.IsMap)
            {
                var map = (System.Collections.IDictionary)to.Accessor.GetValue(target);
                foreach (System.Collections.DictionaryEntry entry in (System.Collections.IDictionary)value)
                {
                    map.Add(entry.Key, entry.Value);
                }
            }
            else if (to.IsRepeated)
            {
                var list = (System.Collections.IList)to.Accessor.GetValue(target);
                foreach (var item in (System.Collections.IEnumerable)value)
                {
                    list.Add(item);
                }
            }
            else if (value is not null)
            {
                to.Accessor.SetValue(target, value);
            }
        }
        return target;
    }

    private static (FieldDescriptor, FieldDescriptor)[] Plan(MessageDescriptor source, MessageDescriptor target) =>
    [
        .. from f in source.Fields.InFieldNumberOrder()
           let t = target.FindFieldByName(f.Name)
           where t is not null && t.FieldType == f.FieldType && t.IsRepeated == f.IsRepeated && t.IsMap == f.IsMap
               && (f.FieldType != FieldType.Message || t.MessageType == f.MessageType || f.IsMap)
               && (f.FieldType != FieldType.Enum || t.EnumType == f.EnumType)
           select (f, t),
    ];
}
