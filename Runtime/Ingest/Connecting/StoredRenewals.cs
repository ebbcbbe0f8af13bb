using System.Text.Json;
using FlowForge.Catalog;
using FlowForge.PluginHost;
using FlowForge.Plugins;
using Microsoft.Data.Sqlite;

namespace FlowForge.Ingest;

/// <summary>Keeps what systems give in the place of secrets in the catalog, encrypted, and masks it. Thread-safe.</summary>
public sealed class StoredRenewals(RenewedSecretStore store) : IRenewals
{
    private static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public async ValueTask<IRenewal> HoldAsync(Secret given, CancellationToken cancellationToken)
    {
        var hold = await store.HoldAsync(given.Reveal(), cancellationToken).ConfigureAwait(false);
        try
        {
            var current = store.Newest(given.Reveal()) ?? given.Reveal();
            Learn(current);
            return new Held(store, given.Reveal(), new Secret(current), hold);
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    /// <summary>A text alone is one secret; in JSON the tokens are.</summary>
    private static void Learn(string text)
    {
        SecretMask.LearnDerived(text);
        if (!text.StartsWith('{')) return;
        try
        {
            using var document = JsonDocument.Parse(text);
            foreach (var part in document.RootElement.EnumerateObject())
                if (part.Name.EndsWith("token", StringComparison.Ordinal) && part.Value.ValueKind == JsonValueKind.String) SecretMask.LearnDerived(part.Value.GetString()!);
        }
        catch (JsonException)
        {
            // A text that looks like one.
        }
    }

    private sealed class Held : IRenewal
    {
        private readonly RenewedSecretStore _store;
        private readonly string _given;
        private readonly IDisposable _hold;
        private readonly Timer _end;
        private volatile bool _isOver;

        public Held(RenewedSecretStore store, string given, Secret current, IDisposable hold)
        {
            (_store, _given, _hold, Current) = (store, given, hold, current);
            _end = new Timer(_ => Release(), null, LongestHold, Timeout.InfiniteTimeSpan);
        }

        public Secret Current { get; private set; }

        public ValueTask KeepAsync(Secret renewed, CancellationToken cancellationToken)
        {
            Learn(renewed.Reveal());
            if (_isOver) throw new IOException($"The secret was held for more than {LongestHold.TotalMinutes:0} minutes, and others may have renewed it.");
            try { _store.Keep(_given, renewed.Reveal()); }
            catch (Exception e) when (e is SqliteException or CatalogException or ObjectDisposedException or ArgumentException or UnauthorizedAccessException) { throw new IOException($"What was given in the place of a secret could not be stored: {e.Message}", e); }
            Current = renewed;
            return default;
        }

        public async ValueTask DisposeAsync()
        {
            await _end.DisposeAsync().ConfigureAwait(false);
            Release();
        }

        private void Release()
        {
            _isOver = true;
            _hold.Dispose();
        }
    }
}
