using FlowForge.Duck;

namespace FlowForge.Notebooks.Kernel.Sql;

/// <summary>A query being read, with the session it needs.</summary>
internal sealed record OpenQuery(DuckSession Session, DuckReader Reader) : IDisposable
{
    public void Dispose()
    {
        Reader.Dispose();
        Session.Dispose();
    }
}
