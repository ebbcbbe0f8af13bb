namespace FlowForge.Plugins.Tests.Servers;

/// <summary>Servers that tests need: where one is not installed the test is skipped, and on CI it fails.</summary>
internal static partial class ReadyServers
{
    public static PostgresServer Ready(this PostgresServer server, params string[] settings)
    {
        Need(server.IsInstalled, "PostgreSQL", "postgresql");
        return server.Start(settings);
    }

    public static MariaDbServer Ready(this MariaDbServer server)
    {
        Need(MariaDbServer.IsInstalled, "MariaDB or its ODBC driver", "mariadb-server unixodbc odbc-mariadb");
        return server.Start();
    }

    public static KafkaServer Ready(this KafkaServer server)
    {
        Need(KafkaServer.IsInstalled, "librdkafka or kcat", "librdkafka1 kcat");
        return server.Start();
    }

    public static RedisServer Ready(this RedisServer server)
    {
        Need(RedisServer.IsInstalled, "Redis", "redis-server");
        return server.Start();
    }

    public static RabbitMqServer Ready(this RabbitMqServer server)
    {
        Need(RabbitMqServer.IsInstalled, "RabbitMQ", "rabbitmq-server");
        return server.Start();
    }
}
