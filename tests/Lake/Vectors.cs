using System.Buffers.Binary;

namespace FlowForge.Lake.Tests;

/// <summary>Writes Roaring bitmaps: runs where a container is one run, bits where it has many values, else an array.</summary>
internal static class Vectors
{
    public static byte[] Portable(IReadOnlyList<long> rows)
    {
        var containers = rows.GroupBy(r => r >> 16).Select(g => (Key: (int)g.Key, Values: g.Select(v => (int)(v & 0xFFFF)).ToList())).ToList();
        using var stream = new MemoryStream();
        using var w = new BinaryWriter(stream);
        w.Write(1681511377);
        w.Write(1L);
        w.Write(0);
        var runs = containers.Select(c => c.Values.Count > 2 && c.Values[^1] - c.Values[0] == c.Values.Count - 1).ToList();
        var anyRuns = runs.Contains(true);
        if (anyRuns)
        {
            w.Write(12347 | (containers.Count - 1) << 16);
            var flags = new byte[(containers.Count + 7) / 8];
            for (var i = 0; i < runs.Count; i++) if (runs[i]) flags[i / 8] |= (byte)(1 << i % 8);
            w.Write(flags);
        }
        else
        {
            w.Write(12346);
            w.Write(containers.Count);
        }
        foreach (var (key, values) in containers)
        {
            w.Write((ushort)key);
            w.Write((ushort)(values.Count - 1));
        }
        if (!anyRuns || containers.Count >= 4) for (var i = 0; i < containers.Count; i++) w.Write(0);
        for (var i = 0; i < containers.Count; i++)
        {
            var values = containers[i].Values;
            if (runs[i])
            {
                w.Write((ushort)1);
                w.Write((ushort)values[0]);
                w.Write((ushort)(values.Count - 1));
            }
            else if (values.Count > 4096)
            {
                var bits = new byte[8192];
                foreach (var v in values) bits[v / 8] |= (byte)(1 << v % 8);
                w.Write(bits);
            }
            else
            {
                foreach (var v in values) w.Write((ushort)v);
            }
        }
        w.Flush();
        return stream.ToArray();
    }

    public static byte[] Framed(byte[] data)
    {
        var framed = new byte[data.Length + 8];
        BinaryPrimitives.WriteInt32BigEndian(framed, data.Length);
        data.CopyTo(framed, 4);
        BinaryPrimitives.WriteUInt32BigEndian(framed.AsSpan(4 + data.Length), Reading.Crc32.Of(data));
        return framed;
    }
}
