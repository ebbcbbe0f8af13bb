using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FlowForge.Columnar;
using FlowForge.Duck.Native;

namespace FlowForge.Duck.In;

/// <summary>Scalar functions: native registration and the one callback through which all are called.</summary>
internal static unsafe class ScalarFunction
{
    /// <param name="chunk">Arguments, flat.</param>
    /// <param name="rows">Rows in it.</param>
    /// <param name="output">Result vector.</param>
    public delegate void Body(nint chunk, int rows, nint output);

    private sealed record Registered(string Name, Body Body, SourceRegistry Faults);

    public static void Register(nint connection, DuckDatabase database, string name, IReadOnlyList<IArrowType> parameters, IArrowType result, bool isVolatile, Body body, bool seesNulls = false)
    {
        var function = Api.CreateScalarFunction();
        try
        {
            Api.ScalarName(function, name);
            foreach (var parameter in parameters)
            {
                using var type = SourceTypes.ToDuck(parameter);
                Api.ScalarParameter(function, type.Handle);
            }
            using (var type = SourceTypes.ToDuck(result)) Api.ScalarReturns(function, type.Handle);
            if (isVolatile) Api.ScalarVolatile(function);
            if (seesNulls) Api.ScalarSpecialHandling(function);
            Api.ScalarExtra(function, GCHandle.ToIntPtr(GCHandle.Alloc(new Registered(name, body, database.Sources))), &FreeHandle);
            Api.ScalarBody(function, &Call);
            if (Api.RegisterScalar(connection, function) != DuckState.Success)
                throw new DuckException(DuckErrorKind.Catalog, $"DuckDB refused the scalar function '{name}'.");
        }
        finally
        {
            Api.DestroyScalarFunction(ref function);
        }
    }

    /// <summary>NULL where any argument is NULL.</summary>
    public static void Mask(nint chunk, int rows, nint output)
    {
        var columns = Api.ChunkColumnCount(chunk);
        ulong* target = null;
        for (ulong c = 0; c < columns; c++)
        {
            var validity = Api.VectorValidity(Api.ChunkVector(chunk, c));
            if (validity == null) continue;
            if (target == null)
            {
                Api.EnsureValidityWritable(output);
                target = Api.VectorValidity(output);
            }
            for (var word = 0; word < (rows + 63) >> 6; word++) target[word] &= validity[word];
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Call(nint info, nint chunk, nint output)
    {
        Registered? function = null;
        try
        {
            function = (Registered)GCHandle.FromIntPtr(Api.ScalarGetExtra(info)).Target!;
            function.Body(chunk, checked((int)Api.ChunkSize(chunk)), output);
        }
        catch (Exception e)
        {
            try
            {
                Api.ScalarError(info, function is null ? e.Message : function.Faults.Keep($"Function '{function.Name}' failed", e));
            }
            catch
            {
                Api.ScalarError(info, "A managed function failed.");
            }
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void FreeHandle(nint handle)
    {
        if (handle != 0) GCHandle.FromIntPtr(handle).Free();
    }
}
