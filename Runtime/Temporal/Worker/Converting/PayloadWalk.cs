using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Update.V1;

namespace FlowForge.Temporal.Worker;

/// <summary>Applies a function to each payload inside a message, in place, except search attributes and headers.</summary>
internal static class PayloadWalk
{
    // Bodies of protocol messages are packed; these are the ones that carry payloads.
    private static readonly TypeRegistry Packed = TypeRegistry.FromMessages(Request.Descriptor, Response.Descriptor, Acceptance.Descriptor, Rejection.Descriptor);

    public static async ValueTask ApplyAsync(IMessage message, Func<Payload, ValueTask<Payload>> change)
    {
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (field.FieldType != FieldType.Message || field.Accessor.GetValue(message) is not { } value)
            {
                continue;
            }
            if (field.IsMap)
            {
                await ApplyMapAsync((IDictionary)value, change).ConfigureAwait(false);
            }
            else if (field.IsRepeated)
            {
                var list = (IList)value;
                for (var i = 0; i < list.Count; i++)
                {
                    list[i] = await ChangeAsync((IMessage)list[i]!, change).ConfigureAwait(false);
                }
            }
            else
            {
                var changed = await ChangeAsync((IMessage)value, change).ConfigureAwait(false);
                if (!ReferenceEquals(changed, value))
                {
                    field.Accessor.SetValue(message, changed);
                }
            }
        }
    }

    private static async ValueTask ApplyMapAsync(IDictionary map, Func<Payload, ValueTask<Payload>> change)
    {
        foreach (var key in map.Keys.Cast<object>().ToArray())
        {
            if (map[key] is IMessage value)
            {
                map[key] = await ChangeAsync(value, change).ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask<IMessage> ChangeAsync(IMessage value, Func<Payload, ValueTask<Payload>> change)
    {
        switch (value)
        {
            case Payload payload:
                return await change(payload).ConfigureAwait(false);
            case SearchAttributes or Header or Duration or Timestamp:
                return value;
            case Any any:
                if (any.Unpack(Packed) is not { } body)
                {
                    return value;
                }
                await ApplyAsync(body, change).ConfigureAwait(false);
                return Any.Pack(body);
            default:
                await ApplyAsync(value, change).ConfigureAwait(false);
                return value;
        }
    }
}
